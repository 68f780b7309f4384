using System.Text;
using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>Reads C# by its braces: enough to measure methods, no compiler needed.</summary>
internal static partial class CSharpText
{
    /// <summary>The text with the insides of comments and literals blanked, line for line, so that braces are braces.</summary>
    public static string WithoutLiterals(string text)
    {
        var bare = new StringBuilder(text);
        foreach (Match match in Literal().Matches(text))
        {
            for (var at = match.Index; at < match.Index + match.Length; at++)
            {
                if (bare[at] != '\n') bare[at] = ' ';
            }
        }

        return bare.ToString();
    }

    /// <summary>Every method with a block body: its name, the line of its head and how many lines it has.</summary>
    public static IEnumerable<(string Name, int Line, int Lines)> Methods(string text)
    {
        var bare = WithoutLiterals(text);
        foreach (Match head in MethodHead().Matches(bare))
        {
            var open = head.Index + head.Length - 1;
            var first = LineOf(bare, head.Groups["name"].Index);
            yield return (head.Groups["name"].Value, first, LineOf(bare, EndOf(bare, open)) - first + 1);
        }
    }

    /// <summary>Public types that are declared at the outer level of a file, with the line of each.</summary>
    public static IEnumerable<(string Name, int Line)> PublicTypes(string text)
    {
        var bare = WithoutLiterals(text);
        return PublicType().Matches(bare).Select(match => (match.Groups["name"].Value, LineOf(bare, match.Index)));
    }

    private static int EndOf(string bare, int open)
    {
        var depth = 0;
        for (var at = open; at < bare.Length; at++)
        {
            if (bare[at] == '{') depth++;
            if (bare[at] == '}' && --depth == 0) return at;
        }

        return bare.Length - 1;
    }

    private static int LineOf(string text, int index) => text.AsSpan(0, index).Count('\n') + 1;

    // Raw strings first, as they hold everything else; then comments, verbatim and plain strings, characters.
    [GeneratedRegex(""" "{3,}[\s\S]*?"{3,} | //[^\n]* | /\*[\s\S]*?\*/ | @\$?"(?:[^"]|"")*" | \$@"(?:[^"]|"")*" | "(?:\\.|[^"\\\n])*" | '(?:\\[^\n]{1,5}|[^'\\\n])' """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Literal();

    // A line that begins with a modifier and ends, maybe lines later, in a parameter list and an open brace. Declarations of types bear their keyword before the parenthesis.
    [GeneratedRegex("""^\ {4,}(?:(?:public|internal|private|protected|static|async|override|sealed|virtual|partial|unsafe|readonly)\s+)+(?![^(\n]*\b(?:class|record|struct|interface|enum|delegate)\b)[^;{}=()]*?\b(?<name>\w+)(?:<[^>(]*>)?\s*\((?:[^(){};]|\([^()]*\))*\)(?:\s*:\s*(?:this|base)\s*\((?:[^(){};]|\([^()]*\))*\))?(?:\s*where\s[^{};]*)?\s*\{""", RegexOptions.Multiline)]
    private static partial Regex MethodHead();

    [GeneratedRegex(@"^public\s+(?:(?:static|sealed|abstract|readonly|partial|ref)\s+)*(?:class|record\s+struct|record|struct|interface|enum|delegate\s+\S+)\s+(?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex PublicType();
}
