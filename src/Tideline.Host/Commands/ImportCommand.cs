using System.CommandLine;
using System.Text.Json;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Host.Commands;

/// <summary><c>import</c>: an ISO 20022 pain.001 file.</summary>
internal static class ImportCommand
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly Argument<string> File = new("FILE") { Description = "An ISO 20022 pain.001 credit transfer file (001.03 to 001.11)." };
    private static readonly Option<string> Data = Options.Data();
    private static readonly Option<bool> Json = Options.Json();

    public static Command Build()
    {
        var command = new Command("import", "Run every payment of a pain.001 file once, and print its status report.") { File, Data, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var file = parsed.GetRequiredValue(File);
        if (!System.IO.File.Exists(file)) throw new TidelineException(ErrorCode.NotFound, $"There is no file {file}.");
        await using var node = await OpsClient.OpenAsync(parsed.GetRequiredValue(Data), cancel);
        var accepted = await node.PostFileAsync("/v1/payments/imports", file, cancel);
        var id = accepted.GetProperty("importId").GetString();
        var status = await node.GetAsync($"/v1/payments/imports/{id}", cancel);
        while (IsPending(status))
        {
            await Task.Delay(Poll, cancel);
            status = await node.GetAsync($"/v1/payments/imports/{id}", cancel);
        }

        Output.Print(status, parsed.GetValue(Json), "The file holds no payments.");
        return status.GetProperty("groupStatus").GetString() is "ACSC" ? 0 : 1;
    }

    private static bool IsPending(JsonElement status) => status.GetProperty("groupStatus").GetString() is "ACCP" or "ACSP" or "PDNG" or "RCVD";
}
