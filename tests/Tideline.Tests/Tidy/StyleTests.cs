using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>The house style where a compiler does not see it. Each test prints every place that breaks it.</summary>
public sealed partial class StyleTests
{
    private const int LongestFile = 400;
    private const int LongestMethod = 70;
    private const int WidestLine = 120;

    private static readonly string[] BannedFolders =
        ["Common", "Helper", "Helpers", "Util", "Utils", "Utilities", "Manager", "Managers", "Misc", "Shared"];

    [Fact]
    public void The_tests_see_the_source()
    {
        SourceTree.Files.ShouldContain(file => file.Path == "src/Tideline/Kernel/Money.cs");
        SourceTree.Files.SelectMany(file => MethodScanner.Scan(file.Lines)).Count().ShouldBeGreaterThan(200);
    }

    [Fact]
    public void No_file_is_longer_than_a_person_reads() =>
        Nothing(SourceTree.Files.Where(file => file.Lines.Length > LongestFile)
            .Select(file => $"{file.Path}: {file.Lines.Length} lines"));

    [Fact]
    public void A_method_fits_a_screen() => Nothing(
        from file in SourceTree.Files
        from method in MethodScanner.Scan(file.Lines)
        where method.Length > LongestMethod
        select $"{file.Path}:{method.Line}: {method.Length} lines");

    [Fact]
    public void A_long_method_would_be_found()
    {
        string[] lines = ["internal sealed class Sample", "{", "    public void Long(int count)",
            "    {", .. Enumerable.Repeat("        Step();", LongestMethod), "    }", "}"];
        MethodScanner.Scan(lines).ShouldBe([(3, LongestMethod + 2)]);
    }

    // SQL and JSON in raw literals are kept as they are sent.
    [Fact]
    public void A_line_fits_the_screen() => Nothing(
        from file in SourceTree.Files
        from index in WideLines(file.Lines)
        select $"{file.Path}:{index + 1}: {file.Lines[index].Length} columns");

    [Fact]
    public void A_wide_line_would_be_found()
    {
        const string Quotes = "\"\"\"";
        var wide = new string('x', WidestLine + 1);
        WideLines([wide, $"var one = {Quotes}{wide}{Quotes};", $"var sql = {Quotes}", wide, $"{Quotes};", wide])
            .ShouldBe([0, 5]);
    }

    [Fact]
    public void A_namespace_is_the_folder() => Nothing(
        from file in SourceTree.Files
        let declared = file.Lines.Select(line => Namespace().Match(line))
            .FirstOrDefault(match => match.Success)?.Groups[1].Value
        let folder = Folder(file.Path)
        where declared is not null && declared != folder
        select $"{file.Path}: {declared} instead of {folder}");

    [Fact]
    public void Folders_are_named_for_what_is_in_them() => Nothing(
        SourceTree.Files.Where(file => file.Path.Split('/').SkipLast(1).Any(BannedFolders.Contains))
            .Select(file => file.Path));

    [Fact]
    public void Nothing_is_left_for_later() => Nothing(Lines(Unfinished()));

    [Fact]
    public void There_are_no_regions() => Nothing(Lines(Region()));

    [Fact]
    public void A_public_type_of_the_core_says_what_it_is() => Nothing(
        from file in SourceTree.Files
        where file.Path.StartsWith("src/Tideline/", StringComparison.Ordinal)
        from index in Enumerable.Range(0, file.Lines.Length)
        where PublicType().IsMatch(file.Lines[index]) && !IsDocumented(file.Lines, index)
        select $"{file.Path}:{index + 1}: {file.Lines[index].Trim()}");

    private static void Nothing(IEnumerable<string> found) => string.Join('\n', found).ShouldBeEmpty();

    private static IEnumerable<string> Lines(Regex pattern) =>
        from file in SourceTree.Files
        where !file.Path.StartsWith("tests/Tideline.Tests/Tidy/", StringComparison.Ordinal)
        from index in Enumerable.Range(0, file.Lines.Length)
        where pattern.IsMatch(file.Lines[index])
        select $"{file.Path}:{index + 1}: {file.Lines[index].Trim()}";

    private static IEnumerable<int> WideLines(string[] lines)
    {
        var inLiteral = false;
        for (var index = 0; index < lines.Length; index++)
        {
            var quotes = RawQuotes().Count(lines[index]);
            if (lines[index].Length > WidestLine && !inLiteral && quotes == 0) yield return index;
            inLiteral ^= quotes % 2 == 1;
        }
    }

    private static string Folder(string path)
    {
        var parts = path.Split('/')[..^1];
        return string.Join('.', parts[1..]);
    }

    private static bool IsDocumented(string[] lines, int index)
    {
        // An attribute may go over several lines, from a bracket at the line's start to one at a line's end.
        do index--;
        while (index > 0
            && (lines[index].TrimStart().StartsWith('[') || lines[index].EndsWith(")]", StringComparison.Ordinal)
            || (lines[index].EndsWith(',') && !lines[index].TrimStart().StartsWith("///", StringComparison.Ordinal))));
        return lines[index].TrimStart().StartsWith("///", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^namespace ([\w.]+);")]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|for now)\b|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex("\"{3,}")]
    private static partial Regex RawQuotes();

    [GeneratedRegex(@"^\s*#region\b")]
    private static partial Regex Region();

    [GeneratedRegex(@"^public (?:[a-z]+ )*(?:class|record|struct|interface|enum|delegate)\b")]
    private static partial Regex PublicType();
}
