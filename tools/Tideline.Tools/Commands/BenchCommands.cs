using System.CommandLine;
using Tideline.Engines.Ledger.MySql;
using Tideline.Host.Commands;
using Tideline.Host.Running;
using Tideline.Kernel;
using Tideline.Node;

namespace Tideline.Tools.Commands;

/// <summary><c>bench</c> and <c>drill</c>.</summary>
internal static class BenchCommands
{
    private static readonly Option<string?> JsonFile = Options.JsonFile();
    private static readonly Option<string> Profile = MakeProfile();

    public static Command BuildBench()
    {
        var name = new Argument<string>("NAME") { Description = $"One of: {string.Join(", ", BenchCommand.Names)}." };
        var seconds = new Option<double>(
            "--seconds")
        { Description = "How long each figure is measured.", DefaultValueFactory = _ => 10 };
        var accounts = new Option<int?>(
            "--accounts")
        { Description = "Accounts of the installation; each scenario has its own default." };
        var shards = new Option<int?>("--shards")
        {
            Description = "Shards of the installation. Default: as many as up "
            + "makes; cross-shard takes 2 at least."
        };
        var semiSync = new Option<bool>("--semi-sync")
        {
            Description = "transfers on --profile cluster: a lone MySQL server and a group whose replicas acknowledge, "
                + "side by side, on servers of the bench's own."
        };
        var command = new Command("bench", "Measure a scenario with its baseline in the same run.")
        {
            name, seconds, accounts, shards, semiSync, Profile, JsonFile
        };
        command.SetAction((parsed, cancel) => BenchCommand.RunAsync(
            parsed.GetRequiredValue(name),
            new BenchOptions
            {
                Seconds = parsed.GetValue(seconds), Accounts = parsed.GetValue(accounts), Shards = parsed.GetValue(
                    shards) ?? (Cluster(parsed) is null ? ShardMap.DefaultShards : MySqlLedgerOptions.DefaultShards),
                Cluster = Cluster(parsed), SemiSync = parsed.GetValue(semiSync), JsonFile = parsed.GetValue(JsonFile),
            },
            cancel));
        return command;
    }

    public static Command BuildDrill()
    {
        var name = new Argument<string>("NAME") { Description = $"One of: {string.Join(", ", DrillCommand.Names)}." };
        var kills = new Option<int>(
            "--kills")
        { Description = "How often the program is killed.", DefaultValueFactory = _ => 25 };
        var runs = new Option<int>("--runs")
        {
            Description = "How often the primary, a broker or the owner is struck, in the drills failover, broker and "
                + "owner.", DefaultValueFactory = _ => 20
        };
        var down = new Option<int>("--down")
        {
            Description = "How long an engine is away, seconds, in the drill outage.", DefaultValueFactory = _ => 60
        };
        var seed = new Option<ulong>("--seed")
        {
            Description = "Repeats the requests and kills of an earlier run.", DefaultValueFactory = _ => 1
        };
        var command = new Command("drill", "Break something under load, bring it back, and prove that nothing was lost "
            + "or done twice.") { name, kills, runs, down, seed, Profile, JsonFile };
        command.SetAction((parsed, cancel) => DrillCommand.RunAsync(
            parsed.GetRequiredValue(name), new DrillOptions
            {
                Kills = parsed.GetValue(kills), Runs = parsed.GetValue(runs), DownSeconds = parsed.GetValue(down),
                Seed = parsed.GetValue(seed), Cluster = Cluster(parsed), JsonFile = parsed.GetValue(JsonFile)
            }, cancel));
        return command;
    }

    private static ClusterOptions? Cluster(ParseResult parsed) => parsed.GetRequiredValue(Profile) == "cluster"
        ? ClusterSettings.Find(UpConfiguration.Read(null))
        : null;

    private static Option<string> MakeProfile()
    {
        var profile = new Option<string>("--profile")
        {
            Description = "On which engines: embedded (the default), or cluster, at the addresses that up would take.",
            DefaultValueFactory = _ => "embedded"
        };
        profile.AcceptOnlyFromAmong("embedded", "cluster");
        return profile;
    }
}
