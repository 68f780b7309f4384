using System.Text.Json;
using Spectre.Console;

namespace Tideline.Host.Running;

/// <summary>Prints what a node answered: a table for a person, JSON for a script.</summary>
internal static class Output
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Print(JsonElement answer, bool json, string nothing)
    {
        if (json)
        {
            Console.WriteLine(answer.GetRawText());
            return;
        }

        if (!answer.TryGetProperty("items", out var items))
        {
            Console.WriteLine(JsonSerializer.Serialize(answer, Indented));
            return;
        }

        if (items.GetArrayLength() == 0)
        {
            Console.WriteLine(nothing);
            return;
        }

        PrintTable(items);
    }

    private static void PrintTable(JsonElement items)
    {
        var columns = items[0].EnumerateObject().Where(field => field.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array)).Select(field => field.Name).ToList();
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(string.Join('\t', columns));
            foreach (var item in items.EnumerateArray()) Console.WriteLine(string.Join('\t', columns.Select(column => Text(item, column))));
            return;
        }

        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns) table.AddColumn(column);
        foreach (var item in items.EnumerateArray()) table.AddRow([.. columns.Select(column => Markup.Escape(Text(item, column)))]);
        AnsiConsole.Write(table);
    }

    private static string Text(JsonElement item, string column) => item.TryGetProperty(column, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : "";
}
