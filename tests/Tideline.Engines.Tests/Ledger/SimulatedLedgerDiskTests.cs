using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Tools.Simulation.Engines;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger;

/// <summary>What processes share on a simulated disk, and what is left of it when they end.</summary>
public sealed class SimulatedLedgerDiskTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_the_batches_that_were_not_durable_a_crash_leaves_the_first()
    {
        var disk = new LedgerDisk(1, Id(77)) { ReadsWaitForSync = false };
        var (store, writer) = await OwnAsync(disk, "a");
        for (var seq = 1; seq <= 5; seq++)
        {
            await CommitAsync(writer, seq);
            if (seq == 2) await writer.SyncAsync();
        }

        var reader = store.OpenReader(0);
        (disk.UnsyncedBatches(0), (await reader.GetHeadAsync(Cancel)).EventSeq).ShouldBe((3, 2));
        disk.Crash(0, survivors: 1);
        (disk.UnsyncedBatches(0), (await reader.GetHeadAsync(Cancel)).EventSeq).ShouldBe((0, 3));
        // It may not say that they are durable, nor build on what is gone.
        await ThrowsAsync(ErrorCode.StorageUnavailable, async () => await writer.SyncAsync());
        await ThrowsAsync(ErrorCode.Corrupt, async () => await writer.BeginAsync(Keys()));

        _time.Advance(TimeSpan.FromMilliseconds(LedgerLimits.LeaseMs));
        var next = Store(disk, "b").OpenWriter(0);
        (await next.AcquireAsync(Cancel)).EventSeq.ShouldBe(3);
        await CommitAsync(next, 4);
        await next.SyncAsync();
        (await reader.GetEventsAsync(0, 10, Cancel)).Select(row => row.Position.Seq).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task A_read_of_what_a_crash_took_fails()
    {
        var disk = new LedgerDisk(1, Id(77));
        var (store, writer) = await OwnAsync(disk, "a");
        await CommitAsync(writer, 1);
        var read = store.OpenReader(0).GetHeadAsync(Cancel).AsTask();
        read.IsCompleted.ShouldBeFalse();
        disk.Crash(0, survivors: 0);
        await ThrowsAsync(ErrorCode.StorageUnavailable, () => read);
    }

    [Fact]
    public async Task A_replica_that_was_behind_has_the_state_of_that_many_batches_ago()
    {
        var disk = new LedgerDisk(1, Id(77));
        var (store, writer) = await OwnAsync(disk, "a");
        for (var seq = 1; seq <= 3; seq++)
        {
            await CommitAsync(writer, seq, writes => writes.Holds.Add(
                Hold(Id(9), Id(8), seq == 3 ? HoldStatus.Released : HoldStatus.Open, seq)));
            await writer.SyncAsync();
        }

        disk.LoseTail(0, batches: 1);
        var reader = store.OpenReader(0);
        (await reader.GetHeadAsync(Cancel)).EventSeq.ShouldBe(2);
        (await reader.GetExpiredHoldsAsync(9, 10, Cancel)).ShouldHaveSingleItem().ExpiresUs.ShouldBe(2);
        await ThrowsAsync(ErrorCode.Corrupt, async () => await writer.BeginAsync(Keys()));

        // Also that somebody acquired the shard is forgotten where it came later.
        disk.LoseTail(0, batches: 9);
        (await reader.GetHeadAsync(Cancel)).EventSeq.ShouldBe(0);
        (await reader.GetExpiredHoldsAsync(9, 10, Cancel)).ShouldBeEmpty();
        (await reader.GetHeadAsync(Cancel)).Epoch.ShouldBe(1);
        store.Epochs(0).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Rows_are_edited_behind_the_programs_back()
    {
        var disk = new LedgerDisk(1, Id(77));
        var (store, writer) = await OwnAsync(disk, "a");
        await CommitAsync(writer, 1, writes =>
        {
            writes.NewAccounts.Add(Account(Id(1), Id(9), 20, 2));
            writes.Entries.Add(new EntryRow(Id(1), 1, Id(5), 10, 10, TimeUs));
            writes.Entries.Add(new EntryRow(Id(1), 2, Id(6), 10, 20, TimeUs));
        });
        await writer.SyncAsync();
        var reader = store.OpenReader(0);
        (await reader.FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
        disk.Tamper(0, tables =>
        {
            tables.Accounts.Edit(Id(1), account => account.PostedMinor++);
            tables.Events.Edit(1, row => row with { Data = "{}"u8.ToArray() });
        });
        (await reader.FindBrokenBalancesAsync(10, Cancel)).ShouldHaveSingleItem().ShouldContain("posted is 21");
        (await reader.GetEventsAsync(0, 1, Cancel))[0].Data.ToArray().ShouldBe("{}"u8.ToArray());
        disk.Tamper(0, tables =>
        {
            tables.Accounts.Edit(Id(1), account => account.PostedMinor--);
            tables.Entries.Remove(new EntryKey(Id(1), 1));
        });
        (await reader.FindBrokenBalancesAsync(10, Cancel)).ShouldHaveSingleItem()
            .ShouldContain("entry 2 stands where entry 1 should");
    }

    [Fact]
    public async Task An_owner_that_was_killed_is_followed_when_its_lease_runs_out()
    {
        var disk = new LedgerDisk(1, Id(77));
        var (_, killed) = await OwnAsync(disk, "a");
        var store = Store(disk, "b");
        var next = store.OpenWriter(0);
        await ThrowsAsync(ErrorCode.AlreadyOwned, async () => await next.AcquireAsync(Cancel));
        (await store.OpenReader(0).GetOwnerAsync(Cancel))!.Words.ShouldBe("a");
        _time.Advance(TimeSpan.FromMilliseconds(LedgerLimits.LeaseMs - 1));
        await CommitAsync(killed, 1);
        _time.Advance(TimeSpan.FromMilliseconds(LedgerLimits.LeaseMs - 1));
        await ThrowsAsync(ErrorCode.AlreadyOwned, async () => await next.AcquireAsync(Cancel));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await store.OpenReader(0).GetOwnerAsync(Cancel)).ShouldBeNull();
        (await next.AcquireAsync(Cancel)).EventSeq.ShouldBe(1);
        await ThrowsAsync(ErrorCode.NotOwner, async () => await killed.RenewAsync());
        await ThrowsAsync(ErrorCode.NotOwner, async () => await killed.BeginAsync(Keys()));
        (await store.OpenReader(0).GetOwnerAsync(Cancel))!.Words.ShouldBe("b");
    }

    [Fact]
    public async Task An_owner_hears_of_a_process_that_prefers_the_shard()
    {
        var disk = new LedgerDisk(2, Id(77));
        var odd = Store(disk, "odd", 1).OpenWriter(0);
        await odd.AcquireAsync(Cancel);
        var even = Store(disk, "even", 0).OpenWriter(0);
        await ThrowsAsync(ErrorCode.AlreadyOwned, async () => await even.AcquireAsync(Cancel));
        odd.Wanted.IsCompleted.ShouldBeFalse();
        await odd.RenewAsync();
        odd.Wanted.IsCompleted.ShouldBeTrue();
        await odd.DisposeAsync();
        await even.AcquireAsync(Cancel);

        // One that does not prefer it waits a moment longer, and asks nobody for it.
        var again = Store(disk, "odd", 1).OpenWriter(0);
        await ThrowsAsync(ErrorCode.AlreadyOwned, async () => await again.AcquireAsync(Cancel));
        await even.RenewAsync();
        even.Wanted.IsCompleted.ShouldBeFalse();
        await even.DisposeAsync();
        await ThrowsAsync(ErrorCode.AlreadyOwned, async () => await again.AcquireAsync(Cancel));
        _time.Advance(TimeSpan.FromMilliseconds(LedgerLimits.OrphanMs));
        await again.AcquireAsync(Cancel);
    }

    [Fact]
    public async Task A_key_of_another_shard_is_taken_once()
    {
        var disk = new LedgerDisk(3, Id(77), groups: 2);
        (disk.TakesKeysOf(0, 2), disk.TakesKeysOf(0, 1)).ShouldBe((true, false));
        var store = Store(disk, "a");
        var (one, home) = (store.OpenWriter(0), store.OpenWriter(2));
        await one.AcquireAsync(Cancel);
        await home.AcquireAsync(Cancel);
        var (elsewhere, here) = (new BatchKeys(), new BatchKeys { Outcomes = { Id(6) } });
        elsewhere.KeysElsewhere.Add(2, [Id(6)]);
        (await one.BeginAsync(elsewhere)).KeysElsewhere.ShouldBeEmpty();
        (await home.BeginAsync(here)).Outcomes.ShouldBeEmpty();
        var taken = new BatchWrites { TimeUs = TimeUs };
        taken.KeysElsewhere.Add((2, Outcome(Id(6))));
        (await one.CommitAsync(taken)).ShouldBeTrue();
        var late = new BatchWrites { TimeUs = TimeUs };
        late.Outcomes.Add(Outcome(Id(6)));
        (await home.CommitAsync(late)).ShouldBeFalse();
        (await home.BeginAsync(here)).Outcomes.ShouldContainKey(Id(6));
        await home.RollbackAsync();

        (await one.BeginAsync(elsewhere)).KeysElsewhere.ShouldContainKey(Id(6));
        await one.RollbackAsync();
        // What one shard has of the other outlives the end of either.
        disk.Crash(2, survivors: 0);
        (await store.OpenReader(2).GetOutcomeAsync(Id(6), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_key_that_is_answered_by_on_another_shard_outlives_a_crash_of_its_own()
    {
        var disk = new LedgerDisk(2, Id(77), groups: 1);
        var store = Store(disk, "a");
        var (one, home) = (store.OpenWriter(0), store.OpenWriter(1));
        await one.AcquireAsync(Cancel);
        await home.AcquireAsync(Cancel);
        await CommitAsync(home, 1, writes => writes.Outcomes.Add(Outcome(Id(6))));
        var keys = new BatchKeys();
        keys.KeysElsewhere.Add(1, [Id(6)]);
        (await one.BeginAsync(keys)).KeysElsewhere.ShouldContainKey(Id(6));
        disk.Crash(1, survivors: 0);
        (await store.OpenReader(1).GetOutcomeAsync(Id(6), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_process_that_does_not_know_the_newest_installation_epoch_acquires_nothing()
    {
        var disk = new LedgerDisk(1, Id(77));
        var (old, store) = (Store(disk, "old"), Store(disk, "new"));
        await EpochBeginning.RunAsync(store, "a restore", _time.GetUtcNow(), 0, Cancel);
        store.Epochs(0).Select(epoch => epoch.Reason).ShouldBe(["new data", "a restore"]);
        old.Epochs(0).ShouldHaveSingleItem();
        await ThrowsAsync(ErrorCode.NotOwner, async () => await old.OpenWriter(0).AcquireAsync(Cancel));
        await Store(disk, "another").OpenWriter(0).AcquireAsync(Cancel);
        old.Epochs(7).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_writer_does_with_its_rows_later_does_not_reach_the_disk()
    {
        var disk = new LedgerDisk(1, Id(77));
        var (store, writer) = await OwnAsync(disk, "a");
        var account = Account(Id(1), Id(2), postedMinor: 7);
        var data = "{\"a\":1}"u8.ToArray();
        await writer.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewAccounts.Add(account);
        writes.Events.Add(new LedgerEvent(new Position(0, 1), EventType.CustomerCreated, Id(1), 1, TimeUs, data));
        await writer.CommitAsync(writes);
        account.PostedMinor = 8;
        data[0] = 0;
        writes.Events.Clear();
        await writer.SyncAsync();
        var reader = store.OpenReader(0);
        var found = (await reader.GetAccountAsync(Id(1), Cancel)).ShouldNotBeNull();
        found.PostedMinor.ShouldBe(7);
        found.PostedMinor = 9;
        (await reader.GetAccountAsync(Id(1), Cancel))!.PostedMinor.ShouldBe(7);
        (await reader.GetEventsAsync(0, 9, Cancel)).ShouldHaveSingleItem().Data.Span[0].ShouldBe((byte)'{');
    }

    private static Task CommitAsync(IShardStore writer, long seq) => CommitAsync(writer, seq, _ => { });

    private static async Task CommitAsync(IShardStore writer, long seq, Action<BatchWrites> fill)
    {
        await writer.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.Events.Add(Event(writer.Shard, seq, EventType.CustomerCreated, Id(1), seq, new()));
        fill(writes);
        (await writer.CommitAsync(writes)).ShouldBeTrue();
    }

    private static async Task ThrowsAsync(ErrorCode code, Func<Task> call) =>
        (await Should.ThrowAsync<TidelineException>(call)).Code.ShouldBe(code);

    private SimulatedLedgerStore Store(LedgerDisk disk, string name, params int[] own) => new(
        disk, _time, new ShardOwner(name, $"http://{name}", Id(name.Length)), own.Length == 0 ? null : own.ToHashSet());

    private async Task<(SimulatedLedgerStore Store, IShardStore Writer)> OwnAsync(LedgerDisk disk, string name)
    {
        var store = Store(disk, name);
        var writer = store.OpenWriter(0);
        await writer.AcquireAsync(Cancel);
        return (store, writer);
    }
}
