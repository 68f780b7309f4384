using System.CommandLine;
using Tideline.Engines.Ledger.MySql;
using Tideline.Host.Commands;
using Tideline.Host.Running;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Tools.Drills.Faults;

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
        { Description = "How long to measure each figure, in seconds.", DefaultValueFactory = _ => 10 };
        var accounts = new Option<int?>(
            "--accounts")
        { Description = "Number of accounts. Each scenario has its own default." };
        var shards = new Option<int?>("--shards")
        {
            Description = "Number of shards. Default: as many as up "
            + "creates; cross-shard uses at least 2."
        };
        var semiSync = new Option<bool>("--semi-sync")
        {
            Description =
                "For transfers on --profile cluster: compare a lone MySQL server with a semi-synchronous group, "
                + "on servers that the bench starts itself."
        };
        var command = new Command("bench", "Measure a scenario and its baseline in one run.")
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
        { Description = "How often the drill crash kills the program.", DefaultValueFactory = _ => 25 };
        var runs = new Option<int>("--runs")
        {
            Description = "How often the drills failover, broker and owner strike the primary, a broker or the "
                + "owner.", DefaultValueFactory = _ => 20
        };
        var down = new Option<int>("--down")
        {
            Description = "How long the drill outage takes an engine away, in seconds.", DefaultValueFactory = _ => 60
        };
        var seed = new Option<ulong>("--seed")
        {
            Description =
                "Repeat the requests and kills of an earlier run with this seed.", DefaultValueFactory = _ => 1
        };
        var faults = new Option<string[]>("--faults")
        {
            Description = $"What the drill opponent does: {string.Join(", ", OpponentDrill.Names)}. Default: all.",
            AllowMultipleArgumentsPerToken = true,
        };
        var minutes = new Option<double>("--minutes")
        { Description = "For how long the drill opponent begins another round of all faults. Default: one round." };
        var own = new Option<bool>("--own-servers")
        {
            Description = "For the drill opponent: run the cluster profile on servers that the drill starts, so that "
                + "they can be broken too."
        };
        var history = new Option<string?>("--history")
        { Description = "Where the drill opponent writes every operation and disturbance." };
        var command = new Command("drill", "Break something under load, recover it, and prove that nothing was lost "
            + "or executed twice.") { name, kills, runs, down, seed, faults, minutes, own, history, Profile, JsonFile };
        command.SetAction((parsed, cancel) => DrillCommand.RunAsync(
            parsed.GetRequiredValue(name), new DrillOptions
            {
                Kills = parsed.GetValue(kills), Runs = parsed.GetValue(runs), DownSeconds = parsed.GetValue(down),
                Seed = parsed.GetValue(seed), Faults = parsed.GetValue(faults) ?? [],
                Minutes = parsed.GetValue(minutes), OwnServers = parsed.GetValue(own),
                HistoryFile = parsed.GetValue(history), Cluster = parsed.GetValue(own) ? null : Cluster(parsed),
                JsonFile = parsed.GetValue(JsonFile)
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
            Description = "The engines: embedded (the default), or cluster, at the addresses that up would use.",
            DefaultValueFactory = _ => "embedded"
        };
        profile.AcceptOnlyFromAmong("embedded", "cluster");
        return profile;
    }
}
