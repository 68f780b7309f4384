using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Tests.Kernel;
using Tideline.Tests.Log;

namespace Tideline.Tests.Ledger;

/// <summary>What an owner does again and again for each of its shards.</summary>
public sealed class OwnedShardTests : IAsyncLifetime
{
    private Bank _bank = null!;

    public async ValueTask InitializeAsync() => _bank = await Bank.OpenAsync(shards: 3);

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    // Found by the simulation (seed 1263): another process may have taken the shard over and committed.
    [Fact]
    public async Task An_owner_whose_lease_may_be_over_does_not_claim_to_know_all_commits()
    {
        var (time, store) = (MachineTime.InMarch(), (FaultyStore?)null);
        await using var bank = await Bank.OpenAsync(
            shards: 1, time, wrap: inner => store = new FaultyStore(inner) { HasLease = true });
        await bank.CustomerAsync();
        KnownMsAgo().ShouldBe(0);

        store!.IsRenewalRefused = true;
        time.Advance(TimeSpan.FromSeconds(10));
        KnownMsAgo().ShouldBe(10_000 - LedgerLimits.LeaseMs + LedgerLimits.LeaseRenewMs);
        await bank.CustomerAsync();
        KnownMsAgo().ShouldBe(0);

        long KnownMsAgo() => (bank.Ledger.NowUs(0) - bank.Ledger.KnownUs(0)) / 1_000;
    }

    [Fact]
    public async Task All_shards_are_compared_with_the_witnesses_at_once_when_a_process_starts()
    {
        var (asked, all) = (0, new TaskCompletionSource());
        await WithStoreAsync(async store =>
        {
            await using var ledger = await StartAsync(store, async shard =>
            {
                if (Interlocked.Increment(ref asked) == store.Map.Shards) all.SetResult();
                await all.Task;
                return null;
            });
            ledger.Owns(2).ShouldBeTrue();
        });
    }

    [Fact]
    public async Task A_start_that_fails_on_one_shard_leaves_the_others_free()
    {
        await WithStoreAsync(async store =>
        {
            (await Should.ThrowAsync<TidelineException>(() => StartAsync(store, async shard =>
            {
                await Task.Yield();
                return shard == 1 ? throw new TidelineException(ErrorCode.StorageUnavailable, "It is away.") : null;
            }))).Message.ShouldBe("It is away.");
            await using var ledger = await StartAsync(store, _ => Task.FromResult<HistoryFault?>(null));
            Enumerable.Range(0, 3).ShouldAllBe(shard => ledger.Owns(shard));
        });
    }

    private static async Task WithStoreAsync(Func<ILedgerStore, Task> run)
    {
        var folder = Bank.NewFolder();
        await using (var store = SqliteLedgerStore.Open(folder, 3)) await run(store);
        Directory.Delete(folder, recursive: true);
    }

    private static Task<GeneralLedger> StartAsync(ILedgerStore store, Func<int, Task<HistoryFault?>> findFault) =>
        GeneralLedger.StartAsync(
            store, TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, default,
            findFault: (_, shard, _) => findFault(shard)).WaitAsync(TimeSpan.FromSeconds(30));

    [Fact]
    public async Task A_shard_that_hangs_or_fails_keeps_no_other_waiting()
    {
        var passes = new int[3];
        var hangs = new TaskCompletionSource();
        await using var loops = new OwnedShardLoops(
            _bank.Ledger, "test", (shard, cancel) =>
            {
                Interlocked.Increment(ref passes[shard]);
                if (shard == 1) throw new TidelineException(ErrorCode.StorageUnavailable, "It is away.");
                return shard == 0 ? hangs.Task.WaitAsync(cancel) : Task.CompletedTask;
            },
            TimeSpan.FromMilliseconds(1), TimeProvider.System, NullLogger.Instance);
        loops.Start();
        await Eventually.IsTrueAsync(() => Volatile.Read(ref passes[2]) > 5);
        Volatile.Read(ref passes[0]).ShouldBe(1);
        await Eventually.IsTrueAsync(
            () => loops.Fault == "The test of shard 1 keeps failing and is retried: It is away.");
        // Ends although a pass is under way.
        await loops.DisposeAsync();
    }
}
