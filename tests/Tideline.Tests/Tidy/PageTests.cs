using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>The pages: links and anchors lead somewhere, every page is in reach, and a line fits the screen.</summary>
public sealed partial class PageTests
{
    private const int WidestLine = 120;

    private static readonly Dictionary<string, Page> Pages = Page.All.ToDictionary(page => page.Path);

    [Fact]
    public void A_link_leads_to_a_file_and_a_heading_that_exist() => Nothing(Page.All.SelectMany(BrokenLinks));

    [Theory]
    [InlineData("[a](docs/none.md)")]
    [InlineData("[a](docs/start.md#none)")]
    [InlineData("[a](#none)")]
    public void A_planted_link_is_found(string text) => BrokenLinks(new Page("README.md", text)).ShouldHaveSingleItem();

    [Fact]
    public void Every_page_is_reached_from_the_readme()
    {
        var reached = new HashSet<string> { "README.md" };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out var page))
        {
            var links = Pages[page].Links.Select(link => Pages[page].Resolve(link.Path));
            foreach (var link in links.Where(link => Pages.ContainsKey(link) && reached.Add(link))) open.Enqueue(link);
        }

        Nothing(Pages.Keys.Except(reached));
    }

    [Fact]
    public void No_page_speaks_of_unfinished_work() => Nothing(
        from page in Page.All
        from Match word in Unfinished().Matches(page.Text)
        select $"{page.Path} says {word.Value}");

    [Fact]
    public void A_line_fits_the_screen() => Nothing(Page.All.SelectMany(WideLines));

    [Fact]
    public void A_planted_wide_line_is_found()
    {
        var wide = new string('x', WidestLine);
        var text = $"| {wide} |\n```\n{wide} in a code block\n```\n[a link](docs/start.md#{wide})\n{wide} too wide";
        WideLines(new Page("README.md", text)).ShouldHaveSingleItem().ShouldStartWith("README.md:6");
    }

    [Fact]
    public void A_code_span_ends_on_its_line() => Nothing(Page.All.SelectMany(OpenSpans));

    [Fact]
    public void A_planted_open_span_is_found() =>
        OpenSpans(new Page("README.md", "a `span\nthat` goes on")).Count().ShouldBe(2);

    private static IEnumerable<string> BrokenLinks(Page page)
    {
        foreach (var (number, path, anchor) in page.Links)
        {
            var target = path.Length == 0 ? page.Path : page.Resolve(path);
            if (!Path.Exists(Path.Combine(SourceTree.Root, target)))
                yield return $"{page.Path}:{number} links to {target}";
            else if (anchor.Length > 0 && !(path.Length == 0 ? page : Pages[target]).Anchors.Contains(anchor))
                yield return $"{page.Path}:{number} links to {target}#{anchor}";
        }
    }

    // Rows of tables and code blocks cannot be broken, nor can the target of a link.
    private static IEnumerable<string> WideLines(Page page) =>
        from line in page.Prose
        where !line.Text.StartsWith('|') && LinkTarget().Replace(line.Text, "]").Length > WidestLine
        select $"{page.Path}:{line.Number} has {line.Text.Length} columns";

    private static IEnumerable<string> OpenSpans(Page page) =>
        from line in page.Prose
        where line.Text.Count(letter => letter == '`') % 2 == 1
        select $"{page.Path}:{line.Number} opens a code span and does not end it";

    private static void Nothing(IEnumerable<string> found) =>
        string.Join('\n', found.Order(StringComparer.Ordinal)).ShouldBeEmpty();

    [GeneratedRegex(@"\]\([^)]*\)")]
    private static partial Regex LinkTarget();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|for now)\b")]
    private static partial Regex Unfinished();
}
