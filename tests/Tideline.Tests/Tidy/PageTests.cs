using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>The documentation: what it names is there.</summary>
public sealed partial class PageTests
{
    [Fact]
    public void A_link_leads_to_a_file_that_exists() => Faults(
        from page in SourceTree.Pages
        from Match link in Link().Matches(WithoutCode(page.Text))
        let target = link.Groups[1].Value.Split('#')[0]
        where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !Exists(page.Folder, target)
        select $"{page.Name} links to {target}");

    [Fact]
    public void A_source_file_that_a_page_names_exists() => Faults(
        from page in SourceTree.Pages
        from Match path in SourcePath().Matches(page.Text)
        where !Exists("", path.Value)
        select $"{page.Name} names {path.Value}");

    [Fact]
    public void Every_page_is_reached_from_the_readme()
    {
        var byName = SourceTree.Pages.ToDictionary(page => page.Name);
        var reached = new HashSet<string> { "README.md" };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out var name))
        {
            foreach (Match link in Link().Matches(WithoutCode(byName[name].Text)))
            {
                var target = Resolve(byName[name].Folder, link.Groups[1].Value.Split('#')[0]);
                if (byName.ContainsKey(target) && reached.Add(target)) open.Enqueue(target);
            }
        }

        Faults(byName.Keys.Except(reached).Order(StringComparer.Ordinal));
    }

    private static bool Exists(string folder, string target)
    {
        var path = Path.Combine(SourceTree.Root, Resolve(folder, target));
        return File.Exists(path) || Directory.Exists(path);
    }

    private static string Resolve(string folder, string target) =>
        Path.GetRelativePath(SourceTree.Root, Path.GetFullPath(Path.Combine(SourceTree.Root, folder, target))).Replace('\\', '/');

    private static string WithoutCode(string text) => Fence().Replace(text, "");

    private static void Faults(IEnumerable<string> faults) => string.Join('\n', faults).ShouldBeEmpty();

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\b(?:src|tests|bench|dev)/[\w./-]+\.(?:cs|csproj|txt|jsonl)\b")]
    private static partial Regex SourcePath();
}
