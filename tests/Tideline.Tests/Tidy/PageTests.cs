using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>The documentation: what it names is there, and none of it is out of reach.</summary>
public sealed partial class PageTests
{
    private static readonly Dictionary<string, string> Pages = Directory.EnumerateFiles(SourceTree.Root, "*.md")
        .Concat(Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "docs"), "*.md", SearchOption.AllDirectories))
        .ToDictionary(path => Path.GetRelativePath(SourceTree.Root, path).Replace('\\', '/'), File.ReadAllText);

    [Fact]
    public void A_link_leads_to_a_file_that_exists() => Nothing(
        from page in Pages
        from link in LinksOf(page.Key)
        where !Exists(link)
        select $"{page.Key} links to {link}");

    [Fact]
    public void A_source_file_that_a_page_names_exists() => Nothing(
        from page in Pages
        from Match named in SourcePath().Matches(page.Value)
        where !Exists(named.Value)
        select $"{page.Key} names {named.Value}");

    [Fact]
    public void Every_page_is_reached_from_the_readme()
    {
        var reached = new HashSet<string> { "README.md" };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out var page))
        {
            foreach (var link in LinksOf(page).Where(link => Pages.ContainsKey(link) && reached.Add(link)))
                open.Enqueue(link);
        }

        Nothing(Pages.Keys.Except(reached));
    }

    [Fact]
    public void No_page_speaks_of_unfinished_work() => Nothing(
        from page in Pages
        from Match word in Unfinished().Matches(page.Value)
        select $"{page.Key} says {word.Value}");

    private static IEnumerable<string> LinksOf(string page) =>
        from Match link in Link().Matches(Fence().Replace(Pages[page], ""))
        let path = Path.Combine(SourceTree.Root, Path.GetDirectoryName(page) ?? "", link.Groups[1].Value)
        select Path.GetRelativePath(SourceTree.Root, Path.GetFullPath(path)).Replace('\\', '/');

    private static bool Exists(string name) => Path.Exists(Path.Combine(SourceTree.Root, name));

    private static void Nothing(IEnumerable<string> found) =>
        string.Join('\n', found.Order(StringComparer.Ordinal)).ShouldBeEmpty();

    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\b(?:src|tests|bench|dev)/[\w./-]+\.(?:cs|csproj|txt)\b")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|for now)\b")]
    private static partial Regex Unfinished();
}
