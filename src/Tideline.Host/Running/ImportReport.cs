using System.Text.Json.Nodes;
using Spectre.Console;

namespace Tideline.Host.Running;

/// <summary>Prints the results of a payment file: a summary, then one line per payment.</summary>
internal static class ImportReport
{
    private static readonly string[] Columns = ["status", "end-to-end id", "amount", "reason"];

    public static void Print(JsonObject status, bool isRepeated)
    {
        if (isRepeated) Console.WriteLine("This file was imported before; no money moved this time. Its results:");
        Console.WriteLine($"{status["message"]} {status["messageId"]}: {status["groupStatus"]}, "
            + $"{Words((string?)status["groupStatus"])}");
        if (status["reason"] is JsonObject whole)
        {
            Console.WriteLine($"No payment was made: {Reason(whole)}");
            return;
        }

        Console.WriteLine($"{status["payments"]} payments: {status["settled"]} settled, {status["rejected"]} rejected, "
            + $"{status["pending"]} pending. Import {status["importId"]}");
        var rows = status["items"]!.AsArray().Select(Row).ToList();
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(string.Join('\t', Columns));
            foreach (var row in rows) Console.WriteLine(string.Join('\t', row));
            return;
        }

        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in Columns)
            table.AddColumn(column == "amount" ? new TableColumn(column).RightAligned() : new TableColumn(column));
        foreach (var row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
        AnsiConsole.Write(table);
    }

    private static string[] Row(JsonNode? payment) =>
        [$"{payment!["status"]}", $"{payment["endToEndId"]}",
            $"{payment["amount"]} {payment["currency"]}", payment["reason"] is JsonObject reason ? Reason(reason) : ""];

    private static string Reason(JsonObject reason) => $"{reason["code"]} {reason["detail"]}";

    private static string Words(string? groupStatus) => groupStatus switch
    {
        "ACSC" => "all settled",
        "PART" => "some were refused",
        "RJCT" => "refused",
        _ => "some are not final",
    };
}
