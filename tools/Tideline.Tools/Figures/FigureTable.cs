using System.Globalization;
using Spectre.Console;

namespace Tideline.Tools.Figures;

/// <summary>Prints figures: a table when a person is looking, plain lines when a script is.</summary>
internal static class FigureTable
{
    public static void Print(string title, IReadOnlyList<Figure> figures)
    {
        if (Console.IsOutputRedirected)
        {
            foreach (var figure in figures) Console.WriteLine(Line(title, figure));
            return;
        }

        var table = new Table().Title(Markup.Escape(title)).Border(TableBorder.Rounded);
        foreach (var head in (string[])["figure", "value", "unit", "baseline", "ratio", "target", "met"])
            table.AddColumn(head);
        foreach (var figure in figures) table.AddRow([.. Cells(figure).Select(cell => new Text(cell))]);
        AnsiConsole.Write(table);
    }

    internal static string Line(string title, Figure figure) =>
        $"{title}: {string.Join(" | ", Cells(figure).Where(cell => cell.Length > 0))}";

    private static string[] Cells(Figure figure) =>
    [
        figure.Name, Number(figure.Value), figure.Unit,
        figure.Baseline is { } baseline ? $"{baseline.Name} {Number(baseline.Value)}" : "",
        figure.Ratio is { } ratio ? ratio.ToString("0.00 ×", CultureInfo.InvariantCulture) : "",
        figure.Target?.ToString() ?? "",
        figure.Met switch { true => "met", false => "NOT MET", null => "" },
    ];

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) >= 100 ? "#,0" : "0.##", CultureInfo.InvariantCulture);
}
