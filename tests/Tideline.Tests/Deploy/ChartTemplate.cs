using System.Text.RegularExpressions;

namespace Tideline.Tests.Deploy;

/// <summary>
/// A template of the chart, as far as its text tells without Helm: its actions, what they open and close, and what they
/// name.
/// </summary>
internal sealed partial class ChartTemplate
{
    private static readonly string[] Openers = ["if", "with", "range", "define", "block"];

    private ChartTemplate(string name, string text)
    {
        (Name, Text) = (name, text);
        // A comment says nothing, and its own quotes and braces are none of a template's.
        Actions = [.. Action().Matches(Comment().Replace(text, "")).Select(match => match.Groups[1].Value.Trim())];
    }

    public static IReadOnlyList<ChartTemplate> All { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(DeployTree.Chart, "templates")).Order(StringComparer.Ordinal)
            .Select(path => new ChartTemplate(Path.GetFileName(path), File.ReadAllText(path)))];

    public string Name { get; }

    public string Text { get; }

    /// <summary>What stands between each pair of braces.</summary>
    public IReadOnlyList<string> Actions { get; }

    /// <summary>Every path below <c>.Values</c>, as in <c>mysql.storage.size</c>.</summary>
    public IEnumerable<string> Values =>
        Actions.SelectMany(action => Value().Matches(action)).Select(match => match.Groups[1].Value);

    public IEnumerable<string> Includes => Named("include");

    public IEnumerable<string> Defines => Named("define");

    public static ChartTemplate Of(string text) => new("text", text);

    /// <summary>What is wrong with its braces, brackets and blocks; null when nothing is.</summary>
    public string? Fault()
    {
        var rest = Action().Replace(Comment().Replace(Text, ""), "");
        if (rest.Contains("{{", StringComparison.Ordinal) || rest.Contains("}}", StringComparison.Ordinal))
            return $"{Name}: braces that are not closed";
        var open = new Stack<string>();
        foreach (var action in Actions)
        {
            var plain = Quoted().Replace(action, "");
            if (plain.Contains('"', StringComparison.Ordinal)
                || plain.Count(sign => sign == '(') != plain.Count(sign => sign == ')')) return $"{Name}: {action}";
            var word = plain.Split(' ')[0];
            if (Openers.Contains(word)) open.Push(word);
            else if (word == "else" && !open.TryPeek(out _)) return $"{Name}: else without if";
            else if (word == "end" && !open.TryPop(out _)) return $"{Name}: end without a beginning";
        }

        return open.Count == 0 ? null : $"{Name}: {open.Peek()} without end";
    }

    private IEnumerable<string> Named(string word) => Actions.SelectMany(action => Naming().Matches(action))
        .Where(match => match.Groups[1].Value == word).Select(match => match.Groups[2].Value);

    [GeneratedRegex(@"\{\{-?((?:[^{}""]|""(?:[^""\\]|\\.)*"")*?)-?\}\}", RegexOptions.Singleline)]
    private static partial Regex Action();

    [GeneratedRegex(@"\{\{-?\s*/\*.*?\*/\s*-?\}\}", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\.Values\.([A-Za-z0-9.]+)")]
    private static partial Regex Value();

    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\b(include|define) ""([^""]+)""")]
    private static partial Regex Naming();
}
