using System.Text.Json;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace Tideline.Host.Running;

/// <summary>
/// Prints a node's answer: fields and tables on a terminal, plain tab-separated lines for scripts, or JSON on request.
/// </summary>
internal static partial class Output
{
    public static void Print(JsonElement answer, bool json, string nothing)
    {
        if (json)
        {
            Console.WriteLine(answer.GetRawText());
            return;
        }

        if (!answer.TryGetProperty("items", out var items)) PrintFields(answer);
        else if (items.GetArrayLength() > 0) PrintTable(items);
        else if (IsWhole(answer)) Console.WriteLine(nothing);
        if (items.ValueKind == JsonValueKind.Array && answer.TryGetProperty("detail", out var detail))
            Console.WriteLine(detail.GetString());
        if (answer.TryGetProperty("nextCursor", out var next) && next.GetString() is { } cursor)
            Console.Error.WriteLine($"More follow: --cursor {cursor}");
        if (answer.TryGetProperty("leftOut", out var lacks) && lacks.GetString() is { } why)
            Console.Error.WriteLine(why);
    }

    /// <summary>Whether nothing was left out of a list.</summary>
    public static bool IsWhole(JsonElement answer) =>
        !answer.TryGetProperty("leftOut", out var leftOut) || leftOut.ValueKind == JsonValueKind.Null;

    /// <summary>Prints the checks of <c>verify</c>, one per line, and a summary.</summary>
    public static void PrintChecks(JsonElement report)
    {
        var (all, broken) = (0, 0);
        foreach (var check in report.GetProperty("checks").EnumerateArray())
        {
            all++;
            if (!check.GetProperty("ok").GetBoolean()) broken++;
            var verdict = check.GetProperty("ok").GetBoolean() ? "ok    " : "BROKEN";
            Console.WriteLine(
                $"{verdict}  {check.GetProperty("name").GetString()}  {check.GetProperty("detail").GetString()}");
        }

        Console.WriteLine(broken == 0 ? $"All {all} checks passed." : $"{broken} of {all} checks are BROKEN.");
    }

    private static void PrintFields(JsonElement answer)
    {
        var fields = answer.EnumerateObject()
            .Where(field => field.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            .Select(field => field.Name).ToList();
        var width = Console.IsOutputRedirected
            ? 0
            : fields.Select(field => Heading(field).Length).DefaultIfEmpty().Max();
        foreach (var field in fields) Console.WriteLine(
            $"{Heading(field).PadRight(width)}{(Console.IsOutputRedirected ? '\t' : ' ')}{Text(answer, field)}");
        foreach (var list in answer.EnumerateObject()
            .Where(field => field.Value.ValueKind == JsonValueKind.Array && field.Value.GetArrayLength() > 0))
        {
            Console.WriteLine();
            Console.WriteLine($"{Heading(list.Name)}:");
            PrintTable(list.Value);
        }
    }

    private static void PrintTable(JsonElement items)
    {
        // Items of one list may have different fields.
        var columns = items.EnumerateArray().SelectMany(item => item.EnumerateObject())
            .Where(field => field.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            .Select(field => field.Name).Distinct().ToList();
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(string.Join('\t', columns.Select(Heading)));
            foreach (var item in items.EnumerateArray())
                Console.WriteLine(string.Join('\t', columns.Select(column => Text(item, column))));
        }
        else if (WidthOf(items, columns) > AnsiConsole.Profile.Width)
        {
            // A table would wrap ids, so that they could not be copied.
            PrintRecords(items, columns);
        }
        else
        {
            var table = new Table().Border(TableBorder.Rounded);
            foreach (var column in columns) table.AddColumn(Markup.Escape(Heading(column)));
            foreach (var item in items.EnumerateArray())
                table.AddRow([.. columns.Select(column => Markup.Escape(Text(item, column)))]);
            AnsiConsole.Write(table);
        }

        foreach (var item in items.EnumerateArray())
            PrintLists(item, columns.Count == 0 ? "" : $"{Heading(columns[0])} {Text(item, columns[0])}");
    }

    private static int WidthOf(JsonElement items, List<string> columns) => 1 + columns.Sum(column => 3 + Math.Max(
        Heading(column).Length, items.EnumerateArray().Max(item => Text(item, column).Length)));

    private static void PrintRecords(JsonElement items, List<string> columns)
    {
        var width = columns.Max(column => Heading(column).Length);
        var isFirst = true;
        foreach (var item in items.EnumerateArray())
        {
            if (!isFirst) Console.WriteLine();
            isFirst = false;
            foreach (var column in columns.Where(column => Text(item, column).Length > 0))
                Console.WriteLine($"{Heading(column).PadRight(width)} {Text(item, column)}");
        }
    }

    // Values that do not fit in a row: findings, ids.
    private static void PrintLists(JsonElement item, string of)
    {
        foreach (var list in item.EnumerateObject().Where(field => field.Value.ValueKind == JsonValueKind.Array))
            foreach (var line in list.Value.EnumerateArray()) Console.WriteLine($"{of}, {Heading(list.Name)}: {line}");
    }

    /// <summary>A JSON name as a heading: <c>saga id</c> for <c>sagaId</c>, <c>lag (ms)</c> for <c>lagMs</c>.</summary>
    internal static string Heading(string name)
    {
        var words = WordStart().Replace(name, " ").ToLowerInvariant();
        return Unit().Replace(words, unit => unit.Groups[1].Value is "us" ? " (µs)" : $" ({unit.Groups[1].Value})");
    }

    private static string Text(JsonElement item, string column) => !item.TryGetProperty(column, out var value)
        ? ""
        : value.ValueKind switch
        {
            JsonValueKind.Null => "",
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            // One line per row.
            _ => value.ToString().ReplaceLineEndings(" ").Replace('\t', ' '),
        };

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex WordStart();

    [GeneratedRegex(" (ms|us)$")]
    private static partial Regex Unit();
}
