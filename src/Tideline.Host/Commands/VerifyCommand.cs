using System.CommandLine;
using Tideline.Host.Running;

namespace Tideline.Host.Commands;

/// <summary><c>verify</c>: checks the invariants in the stores, online.</summary>
internal static class VerifyCommand
{
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

        var report = await node.GetAsync(
            $"/v1/ops/consistency?deep={(parsed.GetValue(Deep) ? "true" : "false")}", cancel);
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
}
