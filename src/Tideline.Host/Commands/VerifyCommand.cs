using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Host.Commands;

/// <summary><c>verify</c>: checks the invariants in the stores, online.</summary>
internal static class VerifyCommand
{
    /// <summary>How often a verification that takes long says where it is, milliseconds.</summary>
    internal const int ProgressMs = 5_000;

    private static readonly Option<string> Data = Options.Data();
    private static readonly Option<bool> Deep = new(
        "--deep")
    { Description = "Check every document and every record, not only a sample." };
    private static readonly Option<bool> Json = Options.Json();

    public static Command Build()
    {
        var command = new Command(
            "verify",
            "Check the invariants (I1, I2, I7, I8, I9, I12 to I16) in the stores, while traffic runs; exit 1 with a "
                + "list if one is broken.") { Data, Deep, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        await using var node = await OpsClient.OpenAsync(parsed.GetRequiredValue(Data), cancel);
        if (!parsed.GetValue(Json))
        {
            var what = parsed.GetValue(Deep) ? "everything" : "a sample of documents, records and ended sagas";
            await Console.Error.WriteLineAsync(
                $"Checking {Path.GetFullPath(parsed.GetRequiredValue(Data))}, {what}.");
        }

        var report = await VerifyAsync(node, parsed.GetValue(Deep), cancel);
        if (parsed.GetValue(Json))
        {
            Console.WriteLine(report.GetRawText());
        }
        else
        {
            Output.PrintChecks(report);
        }

        return report.GetProperty("ok").GetBoolean() ? 0 : 1;
    }

    /// <summary>The report; on standard error, where the verification is for as long as it takes.</summary>
    public static async Task<JsonElement> VerifyAsync(OpsClient node, bool deep, CancellationToken cancel)
    {
        var report = node.GetAsync($"/v1/ops/consistency?deep={(deep ? "true" : "false")}", cancel);
        while (await Task.WhenAny(report, Task.Delay(ProgressMs, cancel)) != report && !cancel.IsCancellationRequested)
            await PrintProgressAsync(node, cancel);
        return await report;
    }

    /// <summary>The sentence that says where a verification is.</summary>
    internal static string Sentence(JsonElement item)
    {
        var said = $"Checking {item.GetProperty("check").GetString()}";
        var (shard, done, total) = (item.GetProperty("shard"), item.GetProperty("done"), item.GetProperty("total"));
        if (shard.ValueKind == JsonValueKind.Number) said += $"; shard {shard.GetRawText()}";
        if (done.GetInt64() > 0 || total.ValueKind == JsonValueKind.Number) said += $": {Figure(done)}";
        return total.ValueKind == JsonValueKind.Number ? $"{said} of {Figure(total)}." : $"{said}.";
    }

    private static string Figure(JsonElement number) =>
        number.GetInt64().ToString("N0", CultureInfo.InvariantCulture);

    // The report matters: what the node cannot say of its progress is left out.
    private static async Task PrintProgressAsync(OpsClient node, CancellationToken cancel)
    {
        try
        {
            var running = await node.GetAsync("/v1/ops/consistency/progress", cancel);
            foreach (var item in running.GetProperty("items").EnumerateArray())
                await Console.Error.WriteLineAsync(Sentence(item));
        }
        catch (Exception fault) when (fault is TidelineException or NodeRefusal or HttpRequestException)
        {
        }
    }
}
