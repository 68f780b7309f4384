using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>
/// Finds methods by their shape on the page: a line that ends a signature, at the indentation of a type's members, and
/// the brace that closes it at the same indentation. The format check of CI keeps braces there, so this needs no
/// parser.
/// </summary>
internal static partial class MethodScanner
{
    private const int DeepestNesting = 3;

    /// <summary>Each method with a body in braces: where it starts and how many lines it has.</summary>
    public static IEnumerable<(int Line, int Length)> Scan(string[] lines)
    {
        for (var line = 1; line < lines.Length; line++)
        {
            var indent = lines[line].Length - lines[line].TrimStart(' ').Length;
            if (lines[line].Trim() != "{" || indent is 0 or > DeepestNesting * 4
                || !SignatureEnd().IsMatch(lines[line - 1]) || IsStatement(lines, line, indent)) continue;
            var end = Array.FindIndex(
                lines, line + 1, text => text.StartsWith(new string(' ', indent) + "}", StringComparison.Ordinal));
            if (end > 0) yield return (line, end - line + 1);
        }
    }

    // The line with the member's own indentation above the brace says whether it is a loop or condition, or a member.
    private static bool IsStatement(string[] lines, int line, int indent)
    {
        var head = line - 1;
        while (head > 0 && lines[head].Length - lines[head].TrimStart(' ').Length > indent) head--;
        return Statement().IsMatch(lines[head]);
    }

    [GeneratedRegex(@"[\)>]\s*$|where \w+ : .*$")]
    private static partial Regex SignatureEnd();

    [GeneratedRegex(@"^\s*(if|else|for|foreach|while|switch|using|lock|catch|try|do|finally|fixed|unsafe|checked|"
        + @"unchecked|await (using|foreach)|case|return|var|new|=>)\b")]
    private static partial Regex Statement();
}
