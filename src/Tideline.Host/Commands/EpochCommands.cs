using System.CommandLine;
using Tideline.Host.Running;
using Tideline.Node;

namespace Tideline.Host.Commands;

/// <summary><c>epoch begin</c>: after other tools restored the strong tier to an older state.</summary>
internal static class EpochCommands
{
    private static readonly Option<string> Data = Options.Data();
    private static readonly Option<string> Reason = new(
        "--reason")
    { Description = "Why; recorded with the epoch.", Required = true };
    private static readonly Option<bool> Anyway = new(
        "--anyway")
    {
        Description =
        "Begin the epoch even if the shards are from different moments and money in transit between them is missing."
    };

    public static Command Build()
    {
        var begin = new Command(
            "begin",
            "Accept the strong tier as it is, after other tools restored it to an older state. Newer content of log "
            + "and views is ignored. No node may be running.") { Reason, Anyway, Data };
        begin.SetAction(BeginAsync);
        return new Command("epoch", "Manage installation epochs.") { begin };
    }

    private static async Task<int> BeginAsync(ParseResult parsed, CancellationToken cancel)
    {
        PrivateFiles.Prepare(parsed.GetRequiredValue(Data));
        var file = UpConfiguration.Read(null);
        var options = new NodeOptions
        {
            DataDirectory = parsed.GetRequiredValue(Data), Cluster = file.IsCluster ? ClusterSettings.Find(file) : null,
        };
        var epoch = await InstallationEpochs.BeginAsync(
            options, parsed.GetRequiredValue(Reason), cancel, parsed.GetValue(Anyway));
        Console.WriteLine($"Installation epoch {epoch} has begun.");
        return 0;
    }
}
