using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Tools.Load;

namespace Tideline.Tests.Projections;

/// <summary>I8: the lag of a shard is never understated, whoever owns it.</summary>
public sealed class ForeignLagTests : IDisposable
{
    private const int SinceMs = LedgerLimits.OwnershipPollMs - 50;
    private readonly TemporaryFolder _folder = new("lag");
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(56));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Of_a_shard_that_this_process_owns_all_is_known()
    {
        await using var store = SqliteLedgerStore.Open(_folder.Path, 1);
        await using var ledger = await StartAsync(store, Task.CompletedTask);
        var progress = new ShardProgress("customers", 0, ledger, _time);
        _time.Advance(TimeSpan.FromMilliseconds(SinceMs));
        progress.LagMs().ShouldBe(0);
    }

    [Fact]
    public async Task Of_another_ones_shard_nothing_is_known_since_it_was_looked_at()
    {
        await using var store = SqliteLedgerStore.Open(_folder.Path, 1);
        await using var ledger = await StartAsync(store, new TaskCompletionSource().Task);
        var progress = new ShardProgress("customers", 0, ledger, _time);
        progress.LagMs().ShouldBe(0);
        // No event is known that is not applied. One may have been committed the moment after the look.
        _time.Advance(TimeSpan.FromMilliseconds(SinceMs));
        progress.LagMs().ShouldBe(SinceMs);
        progress.Status(1, 0).Healthy.ShouldBeTrue();
        await ledger.LookAsync(0, default);
        progress.LagMs().ShouldBe(0);
    }

    private Task<GeneralLedger> StartAsync(SqliteLedgerStore store, Task reachable) =>
        GeneralLedger.StartAsync(store, _time, new IdGenerator(_time), NullLogger.Instance, default, reachable);
}
