using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.Sqlite;

public sealed class DurabilityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Durability _durability;

    public DurabilityTests()
    {
        var path = Path.Combine(_folder.Path, "shard.db");
        File.WriteAllBytes($"{path}-wal", []);
        _durability = new Durability(path);
        _durability.Start(7);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _durability.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_read_waits_for_the_commit_that_it_saw_and_no_later_one()
    {
        _durability.Next.ShouldBe(8);
        var early = _durability.WaitAsync(8, Cancel).AsTask();
        _durability.Sync();
        early.IsCompleted.ShouldBeFalse();
        _durability.Committed();
        early.IsCompleted.ShouldBeFalse();
        _durability.WaitAsync(7, Cancel).AsTask().IsCompletedSuccessfully.ShouldBeTrue();
        _durability.Sync();
        await early.WaitAsync(Cancel);

        _durability.Committed();
        _durability.WaitAsync(8, Cancel).AsTask().IsCompletedSuccessfully.ShouldBeTrue();
        _durability.WaitAsync(9, Cancel).AsTask().IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void What_nobody_here_writes_is_durable()
    {
        using var read = new Durability(Path.Combine(_folder.Path, "other.db"));
        read.WaitAsync(9, Cancel).AsTask().IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public async Task A_strong_read_waits_for_a_flush_that_hangs_no_longer_than_its_caller_or_a_limit()
    {
        await using var shard = await OneShard.OpenAsync();
        var (store, reader) = (shard.Store, shard.Reader);
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewAccounts.Add(Account(Id(1), Id(9)));
        await store.BeginAsync(new BatchKeys());
        await store.CommitAsync(writes);
        // The flush of this commit does not come.
        using var impatient = new CancellationTokenSource();
        var left = reader.GetAccountAsync(Id(1), impatient.Token).AsTask();
        var entries = reader.GetEntriesAsync(Id(1), long.MaxValue, 1, Cancel);
        Task[] limited =
            [reader.GetAccountAsync(Id(1), Cancel).AsTask(), reader.GetHeadAsync(Cancel).AsTask(), entries.AsTask()];
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => left.WaitAsync(TimeSpan.FromSeconds(2), Cancel));
        foreach (var read in limited)
        {
            var hung = await Should.ThrowAsync<TidelineException>(
                () => read.WaitAsync(TimeSpan.FromSeconds(60), Cancel));
            (hung.Code, hung.IsTransient).ShouldBe((ErrorCode.StorageUnavailable, true));
            hung.Message.ShouldContain("did not confirm the flush of");
        }

        // It comes after all.
        await store.SyncAsync();
        (await reader.GetAccountAsync(Id(1), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_strong_read_never_ends_before_what_it_saw_is_flushed()
    {
        await using var shard = await OneShard.OpenAsync();
        var (store, reader) = (shard.Store, shard.Reader);
        var (wanted, flushing, dirty) = (0, 0, 0);
        var watching = new Thread(() =>
        {
            for (int number; (number = Volatile.Read(ref wanted)) >= 0;)
            {
                var read = reader.GetAccountAsync(Id(number), CancellationToken.None);
                // Flushing begins after the commit returned, so one that shows the row by then has not waited.
                if (!read.IsCompletedSuccessfully) _ = read.AsTask();
                else if (read.GetAwaiter().GetResult() is null) continue;
                else if (Volatile.Read(ref flushing) < number) Interlocked.Increment(ref dirty);
            }
        });
        watching.Start();
        for (var number = 1; number <= 400; number++)
        {
            Volatile.Write(ref wanted, number);
            var writes = new BatchWrites { TimeUs = TimeUs };
            writes.NewAccounts.Add(Account(Id(number), Id(9)));
            for (var key = 0; key < 256; key++) writes.Outcomes.Add(Outcome(Id(1_000 * number + key)));
            await store.BeginAsync(new BatchKeys());
            await store.CommitAsync(writes);
            Volatile.Write(ref flushing, number);
            await store.SyncAsync();
        }

        Volatile.Write(ref wanted, -1);
        watching.Join();
        dirty.ShouldBe(0);
    }

    [Fact]
    public async Task A_strong_read_of_entries_shows_every_commit_that_was_flushed_before_it()
    {
        await using var shard = await OneShard.OpenAsync();
        var (store, reader) = (shard.Store, shard.Reader);
        var (flushed, stale) = (0L, 0);
        var ended = false;
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref ended))
            {
                var floor = Volatile.Read(ref flushed);
                var newest = await reader.GetEntriesAsync(Id(1), long.MaxValue, 1, Cancel);
                if ((newest.Count == 0 ? 0 : newest[0].Version) < floor) Interlocked.Increment(ref stale);
            }
        }, Cancel)).ToArray();
        // Many times what any part of an engine would hold back.
        for (var version = 0L; version < 80_000;)
        {
            var writes = new BatchWrites { TimeUs = TimeUs };
            for (var entry = 0; entry < 1_024; entry++)
                writes.Entries.Add(new EntryRow(Id(1), ++version, Id(2), 1, version, TimeUs));
            await store.BeginAsync(new BatchKeys());
            await store.CommitAsync(writes);
            await store.SyncAsync();
            Volatile.Write(ref flushed, version);
        }

        Volatile.Write(ref ended, true);
        await Task.WhenAll(readers);
        stale.ShouldBe(0);
    }

    // A ledger of one shard, with its writer and a reader.
    private sealed class OneShard(TemporaryFolder folder, SqliteLedgerStore ledger) : IAsyncDisposable
    {
        public IShardStore Store { get; } = ledger.OpenWriter(0);

        public IShardReader Reader { get; } = ledger.OpenReader(0);

        public static async Task<OneShard> OpenAsync()
        {
            var folder = new TemporaryFolder();
            var shard = new OneShard(folder, SqliteLedgerStore.Open(folder.Path, shards: 1));
            await shard.Store.AcquireAsync(Cancel);
            return shard;
        }

        public async ValueTask DisposeAsync()
        {
            await Reader.DisposeAsync();
            await Store.DisposeAsync();
            await ledger.DisposeAsync();
            folder.Dispose();
        }
    }
}
