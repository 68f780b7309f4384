using System.CommandLine;
using Tideline.Host.Demo;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Host.Commands;

/// <summary><c>up</c>: everything in one process, until SIGTERM or Ctrl-C.</summary>
internal static class UpCommand
{
    private static readonly Option<string> Data = Options.Data();
    private static readonly Option<bool> Demo = new("--demo") { Description = "Load sample customers and keep sending traffic." };
    private static readonly Option<int> Port = new("--port") { Description = "The port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 7400 };
    private static readonly Option<int?> Shards = new("--shards") { Description = $"Shards of new data, 1 to {Limits.Shards}; fixed once the data is made. Default: 2." };
    private static readonly Option<string> Profile = new("--profile") { Description = "embedded (the default): no servers needed.", DefaultValueFactory = _ => "embedded" };
    private static readonly Option<string?> Config = new("--config") { Description = "Configuration of the cluster profile." };
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Print what happens inside." };
    private static readonly Option<int> DemoRate = new("--demo-rate") { Description = "Movements a second that the demo sends.", DefaultValueFactory = _ => 200 };

    public static Command Build()
    {
        var command = new Command("up", "Run everything on this machine; Ctrl-C drains and stops.") { Demo, Data, Port, Shards, Profile, Config, Verbose, DemoRate };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(Profile) != "embedded" || parsed.GetValue(Config) is not null)
            throw new TidelineException(ErrorCode.InvalidInput, "This version has the embedded engines only (SQLite); --profile cluster needs the MySQL, MongoDB, Kafka and Redis engines, which it does not have.");
        if (parsed.GetValue(Port) is < 0 or > 65_535) throw new TidelineException(ErrorCode.InvalidInput, $"--port is 0 to 65535, not {parsed.GetValue(Port)}.");
        if (parsed.GetValue(DemoRate) is < 1 or > DemoTraffic.MaxPerSecond) throw new TidelineException(ErrorCode.InvalidInput, $"--demo-rate is 1 to {DemoTraffic.MaxPerSecond}.");

        var data = parsed.GetRequiredValue(Data);
        if (RunFile.Find(data) is { } running) throw new TidelineException(ErrorCode.AlreadyOwned, $"Tideline runs on {data} already, at {running.ToString().TrimEnd('/')}.");
        await using var server = await Server.StartAsync(data, parsed.GetValue(Port), parsed.GetValue(Shards), parsed.GetValue(Verbose), cancel);
        using var runFile = RunFile.Write(data, server.Address);
        if (!parsed.GetValue(Demo))
        {
            Welcome.Print(server, data, isDemo: false);
            await server.WaitForShutdownAsync();
            return await StopAsync(server);
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(server.Stopping);
        var customers = await DemoCustomers.LoadAsync(server.Node, stopping.Token);
        // Only now do Ada and Béla have the money that the first transfer moves.
        Welcome.Print(server, data, isDemo: true);
        await using var traffic = new DemoTraffic(server.Node, customers, parsed.GetValue(DemoRate));
        traffic.Start();
        await LiveView.RunAsync(server, traffic, stopping.Token);
        await server.WaitForShutdownAsync();
        await traffic.DisposeAsync();
        return await StopAsync(server);
    }

    private static async Task<int> StopAsync(Server server)
    {
        Console.WriteLine("Draining…");
        var drained = server.DisposeAsync().AsTask();
        if (await Task.WhenAny(drained, Task.Delay(Limits.DrainMs, CancellationToken.None)) != drained)
        {
            await Console.Error.WriteLineAsync($"tideline: the drain took longer than {Limits.DrainMs / 1_000} s; what was acknowledged is safe, the rest recovers at the next start.");
            return 1;
        }

        await drained;
        Console.WriteLine("Stopped. Everything acknowledged is on disk.");
        return 0;
    }
}
