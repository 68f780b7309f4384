using Microsoft.Extensions.Time.Testing;
using Tideline.Ledger;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Engines.Tests.Ledger;

/// <summary>
/// The contract, on the disk of a simulation whose shards share a server: commits are durable at once and take keys of
/// each other.
/// </summary>
public sealed class SimulatedServerStoreTests : ShardReaderContract
{
    private readonly FakeTimeProvider _time = new();
    private readonly SimulatedLedgerStore _ledger;

    public SimulatedServerStoreTests() => _ledger = new SimulatedLedgerStore(
        new LedgerDisk(2, LedgerSamples.Id(77), groups: 1) { IsDurableAtCommit = true }, _time,
        new ShardOwner("one", "http://one", LedgerSamples.Id(1)));

    private protected override ILedgerStore Ledger => _ledger;

    private protected override Task EndLeaseAsync()
    {
        _time.Advance(TimeSpan.FromMilliseconds(LedgerLimits.LeaseMs));
        return Task.CompletedTask;
    }

    private protected override ValueTask CloseAsync() => _ledger.DisposeAsync();
}
