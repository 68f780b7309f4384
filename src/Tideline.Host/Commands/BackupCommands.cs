using System.CommandLine;
using System.Text.Json;
using Tideline.Engines.Backup;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Host.Commands;

/// <summary><c>backup</c> and <c>restore</c>: make and restore a consistent copy of an embedded installation.</summary>
internal static class BackupCommands
{
    private static readonly Argument<string> Target = new("DIR")
    {
        Description = "A new or empty folder.", Validators = { Options.RequirePath },
    };

    private static readonly Argument<string> Source = new("DIR")
    {
        Description = "A folder that the command backup created.", Validators = { Options.RequirePath },
    };

    private static readonly Option<string> Data = Options.Data();

    public static Command BuildBackup()
    {
        var command = new Command("backup", "Copy the installation as of one moment, while it runs.") { Target };
        return command.Asks(
            (parsed, node, cancel) =>
            {
                var body = new Dictionary<string, string>
                {
                    ["directory"] = Path.GetFullPath(parsed.GetRequiredValue(Target))
                };
                return node.PostAsync("/v1/ops/backup", JsonSerializer.Serialize(body), cancel);
            },
            "");
    }

    public static Command BuildRestore()
    {
        var command = new Command("restore", "Restore a backup into an empty data folder, begin a new installation "
            + "epoch, and verify the result.") { Source, Data };
        command.SetAction(RestoreAsync);
        return command;
    }

    private static async Task<int> RestoreAsync(ParseResult parsed, CancellationToken cancel)
    {
        var data = parsed.GetRequiredValue(Data);
        PrivateFiles.Prepare(data);
        if (RunFile.Find(data) is not null)
            throw new TidelineException(ErrorCode.AlreadyOwned, $"A node runs on {data}; stop it first.");
        var (backup, epoch) = await EmbeddedRestore.RunAsync(
            parsed.GetRequiredValue(Source), data, TimeProvider.System.GetUtcNow(), cancel);
        Console.WriteLine($"Restored the backup of {backup.At:yyyy-MM-dd HH:mm:ss} UTC into {data}: "
            + $"{backup.Files.Count} files, installation epoch {epoch}.");
        await using var node = await OpsClient.OpenAsync(data, cancel);
        var report = await VerifyCommand.VerifyAsync(node, deep: true, cancel);
        Output.PrintChecks(report);
        return report.GetProperty("ok").GetBoolean() ? 0 : 1;
    }
}
