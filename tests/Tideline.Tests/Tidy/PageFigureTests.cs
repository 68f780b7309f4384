using System.Globalization;
using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>
/// A figure beside the name of a constant is its value: in tables with the columns Name and Value, and in prose as in
/// "4 s (`CommandAnswerMs`)" or "`CommandAnswerMs` (4 s)".
/// </summary>
public sealed partial class PageFigureTests
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private static readonly string[] Numerals =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

    [Fact]
    public void A_figure_is_that_of_the_constant_it_names() => string.Join('\n', Page.All.SelectMany(WrongFigures))
        .ShouldBeEmpty();

    [Fact]
    public void The_page_of_limits_has_figures() =>
        TableFigures(Page.All.Single(page => page.Path == "docs/operating/limits.md")).Count().ShouldBeGreaterThan(60);

    [Theory]
    [InlineData("| Limit | Name | Value |\n|---|---|---|\n| Answer | `CommandAnswerMs` | 5 s |")]
    [InlineData("| Limit | Name | Value |\n|---|---|---|\n| Head | `HeadReadFields`, `HeaderBytes` | 1,000, 31 KiB |")]
    [InlineData("| Limit | Name | Value |\n|---|---|---|\n| None | `NoSuchLimit` | 5 s |")]
    [InlineData("It waits 5 s (`CommandAnswerMs`).")]
    [InlineData("It waits\n5 s (`CommandAnswerMs`).")]
    [InlineData("Tried two times (`SagaLimits.MessageAttempts`).")]
    [InlineData("It waits `CommandAnswerMs` (14 s).")]
    [InlineData("It waits `CommandAnswerMs`, 14 s.")]
    [InlineData("| It waits 5 s (`CommandAnswerMs`) | in any table |")]
    public void A_planted_figure_is_found(string text) =>
        WrongFigures(new Page("README.md", text)).ShouldHaveSingleItem();

    [Theory]
    [InlineData(
        "Tried three times (`SagaLimits.MessageAttempts`) within 4 s (`CommandAnswerMs`), of 1,024 (`BatchInFlight`).")]
    [InlineData("`CommandAnswerMs` (4 s), `CustomerDocumentBytes` (6 MiB), `ClockSuspendMs` (a day)")]
    public void A_right_figure_is_none(string text) => WrongFigures(new Page("README.md", text)).ShouldBeEmpty();

    private static IEnumerable<string> WrongFigures(Page page)
    {
        foreach (var (number, name, figure) in TableFigures(page).Concat(ProseFigures(page)))
        {
            if (!CodeNames.Constants.Contains(name)) yield return $"{page.Path}:{number} names no constant: {name}";
            else if (!CodeNames.Constants[name].Any(value => WaysToWrite(name, value).Any(way => Has(figure, way))))
                yield return $"{page.Path}:{number} says '{figure}' for {name}, which is "
                    + string.Join(" or ", CodeNames.Constants[name].Select(value => value.ToString(Invariant)));
        }
    }

    // Each name of the column Name, with the cell of the column Value.
    private static IEnumerable<(int, string Name, string Figure)> TableFigures(Page page)
    {
        var (names, values) = (-1, -1);
        foreach (var (number, text) in page.Prose)
        {
            var cells = text.StartsWith('|') ? [.. text.Split('|').Select(cell => cell.Trim())] : Array.Empty<string>();
            if (cells.Contains("Name") && cells.Contains("Value"))
                (names, values) = (Array.IndexOf(cells, "Name"), Array.IndexOf(cells, "Value"));
            else if (cells.Length == 0) names = -1;
            else if (names > 0)
                foreach (Match name in Span().Matches(cells[names]))
                    yield return (number, name.Groups[1].Value, cells[values]);
        }
    }

    private static IEnumerable<(int, string Name, string Figure)> ProseFigures(Page page) =>
        from block in page.Blocks
        from Match match in Before().Matches(block.Text).Concat(After().Matches(block.Text))
        let name = match.Groups["name"].Value
        where CodeNames.Constants.Contains(name) && IsFigure(match.Groups["figure"].Value)
        select (block.Number, name, match.Groups["figure"].Value);

    private static bool IsFigure(string text) =>
        text.Any(char.IsAsciiDigit) || Numerals.Any(numeral => Has(text, numeral));

    private static bool Has(string text, string way) =>
        Regex.IsMatch(text, $@"(?<![\w.,]|\d )(?:{Regex.Escape(way)})(?![\w]|[.,]\d)", RegexOptions.IgnoreCase);

    // The unit stands at the end of the name.
    private static IEnumerable<string> WaysToWrite(string name, decimal value)
    {
        (string Suffix, decimal Size, string Unit)[] units =
        [
            ("Ms", 1, "ms"), ("Ms", 1_000, "s"), ("Ms", 1_000, "seconds"), ("Ms", 60_000, "min"),
            ("Ms", 3_600_000, "h"), ("Ms", 3_600_000, "hour"), ("Ms", 86_400_000, "day"),
            ("Seconds", 1, "s"), ("Seconds", 60, "min"), ("Minutes", 1, "min"), ("Minutes", 60, "h"),
            ("Days", 1, "days"), ("Bytes", 1, "bytes"), ("Bytes", 1_024, "KiB"), ("Bytes", 1_048_576, "MiB"),
            ("BytesPerSecond", 1_024, "KiB"), ("Frames", 1, "pages"),
        ];
        var some = units.Where(unit => name.EndsWith(unit.Suffix, StringComparison.Ordinal)).ToList();
        foreach (var (_, size, unit) in some)
        {
            if (decimal.Round(value / size, 3) != value / size) continue;
            foreach (var number in Numbers(value / size)) yield return $"{number} {unit}";
        }

        if (some.Count > 0) yield break;
        foreach (var number in Numbers(value)) yield return number;
    }

    private static IEnumerable<string> Numbers(decimal value)
    {
        yield return value.ToString("0.###", Invariant);
        yield return value.ToString("#,0.###", Invariant);
        if (value == 1) yield return "a";
        if (value <= 10 && value == Math.Floor(value)) yield return Numerals[(int)value];
    }

    [GeneratedRegex(@"`((?:[A-Z]\w+\.)?[A-Z][A-Za-z]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"(?<figure>[\w.,]+(?: \w+){0,2}) \(`(?<name>(?:\w+\.)?[A-Z]\w+)`\)")]
    private static partial Regex Before();

    [GeneratedRegex(@"`(?<name>(?:\w+\.)?[A-Z]\w+)`(?: \(|, )(?<figure>(?:\d[\d.,]*\d|\d|an?\b)(?: ?\w+)?)")]
    private static partial Regex After();
}
