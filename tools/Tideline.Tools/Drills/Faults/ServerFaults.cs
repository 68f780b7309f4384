using System.Text.Json.Nodes;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Faults;

/// <summary>The lines between the nodes and the engines are cut, silenced, slowed and lose answers.</summary>
internal sealed class LineFault()
    : DrilledFault("line", "the lines to the engines are cut, fall silent, are slow and lose answers")
{
    private const int LastsMs = 1_500, MostMoreMs = 2_000, SlowMs = 300, LostAfterBytes = 4_000;

    public override string? WhyNot(RunningBank bank) => bank.Servers is not null ? null
        : bank.Installation.IsShared ? "it needs --own-servers" : "the embedded engines have no lines";

    public override async Task StrikeAsync(DrillScene scene, CancellationToken cancel)
    {
        var proxy = scene.Bank.Servers!.Proxy;
        foreach (var line in EngineServers.Lines)
        {
            var lastsMs = LastsMs + scene.Random.Below(MostMoreMs);
            switch (scene.Random.Below(4))
            {
                case 0:
                    scene.Log.Note($"the line to {line} is cut for {lastsMs} ms");
                    await proxy.CutAsync(line, cancel);
                    await Task.Delay(lastsMs, cancel);
                    await proxy.RestoreAsync(line, cancel);
                    break;
                case 1:
                    scene.Log.Note($"the line to {line} is silent for {lastsMs} ms");
                    await proxy.SilenceAsync(line, cancel);
                    await Task.Delay(lastsMs, cancel);
                    await proxy.EndSilenceAsync(line, cancel);
                    break;
                case 2:
                    scene.Log.Note($"the line to {line} is slow for {lastsMs} ms");
                    await HarmAsync("latency", new JsonObject { ["latency"] = SlowMs, ["jitter"] = SlowMs / 2 });
                    break;
                default:
                    scene.Log.Note($"the line to {line} loses answers for {lastsMs} ms");
                    await HarmAsync("limit_data", new JsonObject { ["bytes"] = LostAfterBytes });
                    break;
            }

            async Task HarmAsync(string toxic, JsonObject attributes)
            {
                await proxy.HarmAsync(line, toxic, "downstream", attributes, cancel);
                await Task.Delay(lastsMs, cancel);
                await proxy.HealAsync(line, toxic, cancel);
            }
        }
    }
}

/// <summary>The engines are killed and started again.</summary>
internal sealed class RestartFault() : DrilledFault("restart", "the engines are killed with -9 and started again")
{
    private const int MostDownMs = 2_000, SteadyMs = 1_000;

    public override string? WhyNot(RunningBank bank) => bank.Servers is not null ? null
        : bank.Installation.IsShared ? "it needs --own-servers" : "the embedded engines are in the node: see kill";

    public override async Task StrikeAsync(DrillScene scene, CancellationToken cancel)
    {
        // The stand-in of MongoDB keeps everything in memory: see loss.
        LocalServer[] servers = [scene.Bank.Servers!.Redis, scene.Bank.Servers.Kafka, scene.Bank.Servers.MySql];
        foreach (var server in servers)
        {
            scene.Log.Note($"{server.Name} is killed");
            await server.KillAsync();
            await Task.Delay(scene.Random.Below(MostDownMs), cancel);
            await server.StartAsync(cancel);
            scene.Log.Note($"{server.Name} is back");
            await Task.Delay(SteadyMs, cancel);
        }
    }
}

/// <summary>What can be made again is lost: the log, the views, the cache.</summary>
internal sealed class LossFault() : DrilledFault("loss", "the log, the views and the cache are lost and made again")
{
    private const int SteadyMs = 1_000;

    public override string? WhyNot(RunningBank bank) => bank.Servers is null && bank.Installation.IsShared
        ? "it needs --own-servers" : null;

    public override async Task StrikeAsync(DrillScene scene, CancellationToken cancel)
    {
        scene.Log.TouchViews();
        if (scene.Bank.Servers is { } servers)
        {
            scene.Log.Note("the views and the cache are lost");
            await servers.Redis.KillAsync();
            await servers.Mongo.KillAsync();
            await servers.Redis.StartAsync(cancel);
            await servers.Mongo.StartAsync(cancel);
            await Task.Delay(SteadyMs, cancel);
            for (var node = 0; node < scene.Bank.Nodes; node++)
            {
                await scene.Bank.StopAsync(node);
                await scene.Bank.StartAsync(node, cancel);
            }

            return;
        }

        foreach (var folder in (string[])["log", "views"])
        {
            await Task.Delay(SteadyMs, cancel);
            await scene.Bank.KillAsync(0);
            scene.Log.Note($"the node is killed, and {folder}/ is lost");
            Directory.Delete(Path.Combine(scene.Bank.Installation.DataFolder, folder), recursive: true);
            await scene.Bank.StartAsync(0, cancel);
        }
    }
}
