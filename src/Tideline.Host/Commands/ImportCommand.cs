using System.CommandLine;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Host.Commands;

/// <summary><c>import</c>: imports an ISO 20022 pain.001 file.</summary>
internal static class ImportCommand
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly Argument<string> File =
        new("FILE") { Description = "An ISO 20022 pain.001 credit transfer file (001.03 to 001.12)." };
    private static readonly Option<string?> Report = new(
        "--report")
    { Description = "Write the pain.002 status report to this file." };
    private static readonly Option<string> Data = Options.Data();
    private static readonly Option<bool> Json = Options.Json();

    public static Command Build()
    {
        var command = new Command("import",
            "Execute every payment of a pain.001 file once, and print the results.") { File, Report, Data, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var file = parsed.GetRequiredValue(File);
        if (Directory.Exists(file)) throw new TidelineException(ErrorCode.InvalidInput, $"{file} is a folder.");
        if (!System.IO.File.Exists(file)) throw new TidelineException(ErrorCode.NotFound, $"There is no file {file}.");
        // Before any money moves.
        if (parsed.GetValue(Report) is { } wanted && Path.GetDirectoryName(Path.GetFullPath(wanted)) is { } folder
            && !Directory.Exists(folder))
            throw new TidelineException(ErrorCode.NotFound, $"There is no folder {folder} for the report.");
        await using var node = await OpsClient.OpenAsync(parsed.GetRequiredValue(Data), cancel);
        var accepted = await node.PostFileAsync("/v1/payments/imports", file, cancel);
        var path = $"/v1/payments/imports/{accepted.GetProperty("importId").GetString()}";
        var status = await FinishedAsync(node, path, cancel);
        if (parsed.GetValue(Json))
        {
            status["repeated"] = accepted.GetProperty("repeated").GetBoolean();
            Console.WriteLine(status.ToJsonString(
                new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        }
        else
        {
            ImportReport.Print(status, accepted.GetProperty("repeated").GetBoolean());
        }

        if (parsed.GetValue(Report) is { } report)
        {
            await node.SaveXmlAsync(path, report, cancel);
            if (!parsed.GetValue(Json)) Console.WriteLine($"The pain.002 status report is in {report}.");
        }

        return (string?)status["groupStatus"] is "ACSC" ? 0 : 1;
    }

    // Returns the status of the import, with all result pages, once every payment is final.
    private static async Task<JsonObject> FinishedAsync(OpsClient node, string path, CancellationToken cancel)
    {
        var begun = Stopwatch.GetTimestamp();
        var status = await PageAsync(node, $"{path}?limit={Limits.PageRows}", cancel);
        while ((string?)status["groupStatus"] is not ("ACSC" or "RJCT") && (int)status["pending"]! > 0)
        {
            if (!Console.IsErrorRedirected && Stopwatch.GetElapsedTime(begun) > Patience)
                await Console.Error.WriteAsync($"\r{(int)status["settled"]! + (int)status["rejected"]!} of "
                    + $"{(int)status["payments"]!} payments are final…");
            await Task.Delay(Poll, cancel);
            status = await PageAsync(node, $"{path}?limit={Limits.PageRows}", cancel);
        }

        if (!Console.IsErrorRedirected && Stopwatch.GetElapsedTime(begun) > Patience)
            await Console.Error.WriteLineAsync();
        while ((string?)status["nextCursor"] is { } cursor)
        {
            var next = await PageAsync(
                node, $"{path}?limit={Limits.PageRows}&cursor={Uri.EscapeDataString(cursor)}", cancel);
            foreach (var item in next["items"]!.AsArray()) status["items"]!.AsArray().Add(item!.DeepClone());
            status["nextCursor"] = next["nextCursor"]?.DeepClone();
        }

        return status;
    }

    private static async Task<JsonObject> PageAsync(OpsClient node, string path, CancellationToken cancel) =>
        JsonObject.Create(await node.GetAsync(path, cancel))!;
}
