#pragma warning disable CA2000 // The caller disposes the engines: IEngineSet.
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Node;
using Tideline.Queries;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation.Engines;
using Tideline.Tools.Simulation.Faults;
using Tideline.Views;

namespace Tideline.Tools.Simulation;

/// <summary>Opens the engines of one simulated process on the disks of its installation, with their faults.</summary>
/// <param name="disks">What survives the process.</param>
/// <param name="process">The process.</param>
/// <param name="self">The process as an owner of shards.</param>
/// <param name="own">The shards that it prefers; null: all.</param>
/// <param name="random">Draws the faults.</param>
internal sealed class SimulatedEngines(
    SimulatedDisks disks, SimulatedProcess process, ShardOwner self, IReadOnlySet<int>? own, SeededRandom random)
    : IEngineSet
{
    public Task<ILedgerStore> OpenLedgerAsync(CancellationToken cancel) => Task.FromResult<ILedgerStore>(
        new FaultyLedger(new SimulatedLedgerStore(disks.Ledger, disks.ServerTime, self, own), Faults("ledger")));

    public async Task<ILog> OpenLogAsync(int shards, CancellationToken cancel)
    {
        var faults = Faults("log");
        await faults.BeforeAsync("open");
        return FaultyEngine.Around<ILog>(new SimulatedLog(disks.Log, process.Time), faults, EngineCalls.Log);
    }

    public async Task<IViewStore> OpenViewsAsync(CancellationToken cancel)
    {
        var faults = Faults("views");
        await faults.BeforeAsync("open");
        return FaultyEngine.Around<IViewStore>(
            new SimulatedViewStore(disks.Views), faults, EngineCalls.Views);
    }

    public Task<ICache> OpenCacheAsync(CancellationToken cancel) =>
        Task.FromResult<ICache>(new SimulatedCache(disks.Cache, process.Time, Faults("cache")));

    private EngineFaults Faults(string engine) =>
        new(process, random.Fork(), disks.Kinds, disks.FaultRate, engine, disks.Outages);
}
