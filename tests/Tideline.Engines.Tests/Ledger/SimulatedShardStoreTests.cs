using Microsoft.Extensions.Time.Testing;
using Tideline.Ledger;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Engines.Tests.Ledger;

/// <summary>The contract, on the disk of a simulation whose commits wait for a sync.</summary>
public sealed class SimulatedShardStoreTests : ShardReaderContract
{
    private readonly FakeTimeProvider _time = new();
    private readonly SimulatedLedgerStore _ledger;

    public SimulatedShardStoreTests() => _ledger = new SimulatedLedgerStore(
        new LedgerDisk(2, LedgerSamples.Id(77)), _time, new ShardOwner("one", "", LedgerSamples.Id(1)));

    private protected override ILedgerStore Ledger => _ledger;

    private protected override Task EndLeaseAsync()
    {
        _time.Advance(TimeSpan.FromMilliseconds(LedgerLimits.LeaseMs));
        return Task.CompletedTask;
    }

    private protected override ValueTask CloseAsync() => _ledger.DisposeAsync();
}
