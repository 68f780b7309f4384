using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>A Markdown page, by its path from the root: lines, code spans, links and anchors.</summary>
internal sealed partial record Page(string Path, string Text)
{
    /// <summary>Every page of the repository.</summary>
    public static IReadOnlyList<Page> All { get; } =
    [
        .. Directory.EnumerateFiles(SourceTree.Root, "*.md")
            .Concat(Directory.EnumerateFiles(
                System.IO.Path.Combine(SourceTree.Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal)
            .Select(path => new Page(
                System.IO.Path.GetRelativePath(SourceTree.Root, path).Replace('\\', '/'), File.ReadAllText(path))),
    ];

    /// <summary>The lines outside code blocks, numbered from 1.</summary>
    public IReadOnlyList<(int Number, string Text)> Prose { get; } = [.. Lines(Text, fenced: false)];

    /// <summary>The lines of code blocks, numbered from 1.</summary>
    public IReadOnlyList<(int Number, string Text)> Code { get; } = [.. Lines(Text, fenced: true)];

    /// <summary>The code spans of the prose.</summary>
    public IEnumerable<(int Number, string Text)> Spans =>
        from line in Prose
        from Match span in CodeSpan().Matches(line.Text)
        select (line.Number, span.Groups[1].Value.Trim().Replace("\\|", "|", StringComparison.Ordinal));

    /// <summary>The targets of relative links, as written: a path, an anchor, or both.</summary>
    public IEnumerable<(int Number, string Path, string Anchor)> Links =>
        from line in Prose
        from Match link in Link().Matches(CodeSpan().Replace(line.Text, "code"))
        select (line.Number, link.Groups[1].Value, link.Groups[2].Value);

    /// <summary>The anchors that headings have, by GitHub's rule.</summary>
    public IEnumerable<string> Anchors =>
        from line in Prose
        let heading = Heading().Match(line.Text)
        where heading.Success
        select NotInAnchor().Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-');

    /// <summary>Paragraphs, items of lists and rows of tables, each as one line.</summary>
    public IEnumerable<(int Number, string Text)> Blocks
    {
        get
        {
            var (start, block) = (0, "");
            foreach (var (number, text) in Prose.Append((0, "")))
            {
                if (block.Length > 0 && (text.Length == 0 || BeginsBlock().IsMatch(text)))
                {
                    yield return (start, block);
                    block = "";
                }

                if (block.Length == 0) start = number;
                block = block.Length == 0 ? text : $"{block} {text.Trim()}";
            }
        }
    }

    /// <summary>The page that a relative path leads to, from the root.</summary>
    public string Resolve(string relative)
    {
        var folder = System.IO.Path.Combine(SourceTree.Root, System.IO.Path.GetDirectoryName(Path) ?? "");
        var target = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, relative));
        return System.IO.Path.GetRelativePath(SourceTree.Root, target).Replace('\\', '/');
    }

    private static IEnumerable<(int, string)> Lines(string text, bool fenced)
    {
        var (inside, number) = (false, 0);
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal)) inside = !inside;
            else if (inside == fenced) yield return (number, line.TrimEnd('\r'));
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#{1,6} (.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"^\s*(?:[-*|#]|\d+\. )")]
    private static partial Regex BeginsBlock();
}
