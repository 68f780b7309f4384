using System.CommandLine;
using System.Net;
using Tideline.Gateway.Door;
using Tideline.Host.Demo;
using Tideline.Host.Running;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;

namespace Tideline.Host.Commands;

/// <summary><c>up</c>: everything in one process, until SIGTERM or Ctrl-C.</summary>
internal static class UpCommand
{
    private static readonly Option<string> Data = Options.Data();
    private static readonly Option<bool> Demo = new(
        "--demo")
    { Description = "Load sample customers and keep sending traffic." };
    private static readonly Option<int> Port = new("--port")
    {
        Description = "The port; 0 for a free one. Environment: TIDELINE_PORT.", DefaultValueFactory = _ => 7400
    };
    private static readonly Option<string> Listen = new("--listen")
    {
        Description = "The address of this machine to listen on; 0.0.0.0 for all. There is no authentication: "
            + "anyone who can reach it can do everything. Environment: TIDELINE_LISTEN.",
        DefaultValueFactory = _ => ListenAddress.Default
    };
    private static readonly Option<int?> Shards = new(
        "--shards")
    {
        Description = $"Shards of new data, 1 to {Limits.Shards}; fixed once the data is created. Default: "
            + $"one for every two processors; with --demo at least 2."
    };
    private static readonly Option<string> Profile = new(
        "--profile")
    {
        Description = "embedded (the default) needs no servers; cluster uses MySQL, Kafka, MongoDB "
            + "and Redis, at the addresses in the configuration, in TIDELINE_MYSQL, …_KAFKA, …_MONGODB, …_REDIS, "
            + "or of ./tideline services up. Environment: TIDELINE_PROFILE.", DefaultValueFactory = _ => "embedded"
    };
    private static readonly Option<string> Roles = new("--roles")
    {
        Description =
            "The role of this process. node (the default): everything except failover. failover: controls the "
            + "failover of the MySQL groups of the cluster profile. Environment: TIDELINE_ROLES.",
        DefaultValueFactory = _ => "node"
    };
    private static readonly Option<string?> Config = new("--config")
    {
        Description = "A JSON file with these options "
        + "by name, such as {\"port\": 7500, \"demo\": true}, and the addresses of servers. The command line and the "
        + "environment override it. Environment: TIDELINE_CONFIG."
    };
    private static readonly Option<string?> Own = new("--own")
    {
        Description = "Cluster profile: the shards that this "
        + "process prefers, such as 0,2-3. Default: all. It acquires these as soon as they are free, and other shards "
        + "shortly after if they stay free. Environment: TIDELINE_OWN."
    };
    private static readonly Option<string?> Address = new("--address")
    {
        Description = "Cluster profile: the URL at "
        + "which other processes reach this one, such as http://node-1:7400. Default: the listen address, or the "
        + "machine's name if it listens on all addresses. Environment: TIDELINE_ADDRESS."
    };
    private static readonly Option<string?> Hosts = new("--hosts")
    {
        Description =
            "More host names and addresses to accept, such as bank.example,10.0.0.7. Loopback, the address of "
            + "the connection and --address are always accepted. Environment: TIDELINE_HOSTS.",
    };
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Print the log." };
    private static readonly Option<bool> AcceptClock = new("--accept-clock")
    {
        Description =
            $"Confirm that the system clock is right although the newest event is "
            + $"over {LedgerLimits.ClockIdleDays} days "
                + $"old.",
    };

    private static readonly Option<int> DemoRate = new(
        "--demo-rate")
    { Description = "Movements per second that the demo sends.", DefaultValueFactory = _ => 200 };

    public static Command Build()
    {
        var command = new Command("up", "Run everything on this machine; Ctrl-C drains and stops.")
        {
            Demo, Data, Port,
            Listen, Shards, Profile, Roles, Own, Address, Hosts, Config, Verbose, DemoRate, AcceptClock,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var settings = Settings(parsed);
        if (settings.Profile is not ("embedded" or "cluster")) throw new TidelineException(
            ErrorCode.InvalidInput,
                $"There is no profile '{settings.Profile}'; the profiles are embedded and cluster.");
        if (settings.Port is < 0 or > 65_535)
            throw new TidelineException(ErrorCode.InvalidInput, $"--port must be 0 to 65535, not {settings.Port}.");
        if (settings.DemoRate is < 1 or > DemoTraffic.MaxPerSecond) throw new TidelineException(
            ErrorCode.InvalidInput, $"--demo-rate must be 1 to {DemoTraffic.MaxPerSecond}, not {settings.DemoRate}.");

        var listen = ListenAddress.Parse(settings.Listen);
        if (settings.WatchedOver is { } mysql)
        {
            var watched = new IPEndPoint(listen, settings.Port);
            return await WatchAsync(mysql, watched, HostsOf(settings), settings.Verbose, cancel);
        }

        var endpoint = new IPEndPoint(listen, settings.Port);
        if (settings.Cluster is not null)
        {
            endpoint = FreePort.Choose(endpoint);
            settings = settings
                with
            { Cluster = settings.Cluster with { Address = PeerAddress.Of(settings.Address, endpoint) } };
        }

        var data = settings.Data;
        if (RunFile.Find(data) is { } running) throw new TidelineException(
            ErrorCode.AlreadyOwned, $"Tideline already runs on {data}, at {running.ToString().TrimEnd('/')}.");
        // Commands do not wait for log and views; an operator command that starts its own node does.
        var options = NodeOf(settings) with
        {
            AcceptClock = parsed.GetValue(AcceptClock),
            OpenPatience = TimeSpan.FromMilliseconds(HostLimits.OpenPatienceMs),
        };
        await using var server = await Server.StartAsync(
            options, endpoint, HostsOf(settings), settings.Verbose, cancel);
        using var runFile = RunFile.Write(data, server.Address);
        if (!settings.Demo)
        {
            Welcome.Print(server, data, isDemo: false);
            await server.WaitForShutdownAsync();
            return await StopAsync(server);
        }

        // A shard of a process that was just killed is free when its lease ends.
        await server.Node.Ledger.WaitForOwnersAsync(server.Stopping);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(server.Stopping);
        await server.Node.WaitUntilOpenAsync(server.Stopping);
        var customers = await DemoCustomers.LoadAsync(server.Node, stopping.Token);
        // Only now do Ada and Béla have the money that the first transfer moves.
        Welcome.Print(server, data, isDemo: true);
        await using var traffic = new DemoTraffic(server.Node, customers, settings.DemoRate);
        traffic.Start();
        await LiveView.RunAsync(server, traffic, stopping.Token);
        await server.WaitForShutdownAsync();
        await traffic.DisposeAsync();
        return await StopAsync(server);
    }

    private static async Task<int> WatchAsync(IReadOnlyList<string> mysql, IPEndPoint endpoint, HostNames hosts,
        bool verbose, CancellationToken cancel)
    {
        await using var server = await FailoverServer.StartAsync(mysql, endpoint, hosts, verbose, cancel);
        foreach (var group in server.Groups) Console.WriteLine($"Tideline controls the failover of {group}.");
        Console.WriteLine($"  health    {server.Address}/health/ready   metrics {server.Address}/metrics");
        Console.WriteLine("  Ctrl-C stops; another controller takes over.");
        await server.WaitForShutdownAsync();
        return 0;
    }

    // The other processes of the installation address this one by the host in its published address.
    private static HostNames HostsOf(UpSettings settings)
    {
        var names = settings.Hosts?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        return new HostNames(settings.Cluster?.Address is { } address ? [.. names, new Uri(address).Host] : names);
    }

    // The demo also shows the transfer saga, which needs two shards; the cluster profile has two anyway.
    private static NodeOptions NodeOf(UpSettings settings)
    {
        if (settings.Cluster is not null) return new NodeOptions
        {
            DataDirectory = settings.Data, Shards = settings.Shards, Cluster = settings.Cluster
        };
        var isNew = !Directory.Exists(Path.Combine(settings.Data, "ledger"));
        return new NodeOptions
        {
            DataDirectory = settings.Data,
            Shards = settings.Shards ?? (settings.Demo && isNew ? Math.Max(2, ShardMap.DefaultShards) : null)
        };
    }

    // Precedence: command line, environment, file, default.
    private static UpSettings Settings(ParseResult parsed)
    {
        var file = UpConfiguration.Read(parsed.GetValue(Config));
        var profile = IsGiven(parsed, Profile, null) ? parsed.GetRequiredValue(Profile)
            : ClusterSettings.Variable("TIDELINE_PROFILE") ?? file.Profile ?? parsed.GetRequiredValue(Profile);
        var roles = IsGiven(parsed, Roles, null) ? parsed.GetRequiredValue(Roles)
            : ClusterSettings.Variable("TIDELINE_ROLES") ?? file.Roles ?? parsed.GetRequiredValue(Roles);
        if (roles is not ("node" or "failover")) throw new TidelineException(
            ErrorCode.InvalidInput, $"There is no role '{roles}'; the roles are node and failover.");
        if (roles == "failover" && profile != "cluster") throw new TidelineException(
            ErrorCode.InvalidInput, "The role failover needs the cluster profile: --profile cluster.");
        var own = Text(parsed, Own, "TIDELINE_OWN", file.Own);
        var address = Text(parsed, Address, "TIDELINE_ADDRESS", file.Address);
        var isNode = profile == "cluster" && roles == "node";
        if (!isNode && (own ?? address) is not null) throw new TidelineException(
            ErrorCode.InvalidInput, $"{(own is null ? "--address (TIDELINE_ADDRESS)" : "--own (TIDELINE_OWN)")} is for "
                + $"the nodes of the cluster profile: --profile cluster.");
        return new UpSettings(
            IsGiven(parsed, Data, "TIDELINE_DATA")
                ? parsed.GetRequiredValue(Data)
                : file.Data ?? parsed.GetRequiredValue(Data),
            IsGiven(parsed, Port, null)
                ? parsed.GetValue(Port)
                : UpConfiguration.PortOfEnvironment() ?? file.Port ?? parsed.GetValue(Port),
            IsGiven(parsed, Listen, null) ? parsed.GetRequiredValue(Listen)
                : ClusterSettings.Variable("TIDELINE_LISTEN") ?? file.Listen ?? parsed.GetRequiredValue(Listen),
            parsed.GetValue(Shards) ?? file.Shards,
            profile,
            isNode ? ClusterSettings.Find(file) with { Own = own is null ? null : OwnShards.Parse(own) } : null,
            address,
            Text(parsed, Hosts, "TIDELINE_HOSTS", file.Hosts),
            roles == "failover" ? ClusterSettings.FindMySql(file) : null,
            IsGiven(parsed, Demo, null) ? parsed.GetValue(Demo) : file.Demo ?? false,
            IsGiven(parsed, DemoRate, null) ? parsed.GetValue(DemoRate) : file.DemoRate ?? parsed.GetValue(DemoRate),
            IsGiven(parsed, Verbose, null) ? parsed.GetValue(Verbose) : file.Verbose ?? false);
    }

    private static string? Text(ParseResult parsed, Option<string?> option, string variable, string? ofFile) =>
        parsed.GetValue(option) ?? ClusterSettings.Variable(variable) ?? ofFile;

    private static bool IsGiven(ParseResult parsed, Option option, string? variable) =>
        parsed.GetResult(option) is { Implicit: false }
            || (variable is not null && ClusterSettings.Variable(variable) is not null);

    private static async Task<int> StopAsync(Server server)
    {
        Console.WriteLine("Draining…");
        var ledger = server.Node.Ledger;
        var stopped = Enumerable.Range(0, ledger.Map.Shards).Select(ledger.WhyStopped).OfType<string>().ToList();
        var drained = server.DisposeAsync().AsTask();
        if (await Task.WhenAny(drained, Task.Delay(HostLimits.DrainMs, CancellationToken.None)) != drained)
        {
            await Console.Error.WriteLineAsync($"tideline: the drain took longer than {HostLimits.DrainMs / 1_000} s. "
                + $"Acknowledged commands are safe; the rest resumes at the next start.");
            return 1;
        }

        await drained;
        if (stopped.Count == 0)
        {
            Console.WriteLine("Stopped. Everything acknowledged is durable.");
            return 0;
        }

        foreach (var why in stopped) await Console.Error.WriteLineAsync($"tideline: {why}");
        Console.WriteLine("Stopped. A shard had already failed.");
        return 1;
    }
}

/// <summary>The settings of <c>up</c>.</summary>
internal sealed record UpSettings(string Data, int Port, string Listen, int? Shards, string Profile,
    ClusterOptions? Cluster, string? Address, string? Hosts, IReadOnlyList<string>? WatchedOver, bool Demo,
    int DemoRate, bool Verbose);
