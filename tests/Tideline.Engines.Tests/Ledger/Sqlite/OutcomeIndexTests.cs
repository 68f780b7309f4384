using System.Security.Cryptography;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.Sqlite;

/// <summary>
/// Outcomes over several generations of their index: always found, and no commit writes the index for others.
/// </summary>
public sealed class OutcomeIndexTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<Guid> _keys = [];
    private SqliteLedgerStore _ledger = null!;
    private IShardStore _store = null!;
    private IShardReader _reader = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => StartAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task No_commit_writes_more_index_rows_than_its_share()
    {
        var indexed = 0L;
        var batches = 0;
        // Large batches, then small ones, then large ones again.
        while (_keys.Count < 5 * SqliteLedgerLimits.IndexGenerationRows)
        {
            var added = ++batches % 60 < 40 ? LedgerLimits.ShardBatchCommands : 1 + batches % 60;
            await WriteAsync(added);
            var now = CountIndexed();
            // A generation is frozen when it is full, which the batch that fills it may overshoot by itself.
            var most = SqliteLedgerLimits.IndexGenerationRows + LedgerLimits.ShardBatchCommands;
            var share = Math.Ceiling((double)added * most / SqliteLedgerLimits.IndexGenerationRows);
            (now - indexed).ShouldBeLessThanOrEqualTo((long)share + SqliteLedgerLimits.IndexStepRows);
            indexed = now;
            (_keys.Count - indexed).ShouldBeLessThanOrEqualTo(2 * most);
        }

        indexed.ShouldBeGreaterThan(2 * SqliteLedgerLimits.IndexGenerationRows);
        (await _reader.FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_key_is_found_through_generations_rollbacks_and_restarts()
    {
        for (var round = 0; round < 12; round++)
        {
            for (var batch = 0; batch < 4; batch++) await WriteAsync(1_000 + 300 * batch);
            if (round % 3 == 1) await FailAsync();
            if (round % 4 == 2)
            {
                await StopAsync();
                await StartAsync();
            }

            await ShouldFindAsync(_keys.Where((_, at) => at % 97 == round));
            var stranger = NewKey();
            (await _reader.GetOutcomeAsync(stranger, Cancel)).ShouldBeNull();
            (await ReadAsWriterAsync(stranger)).ShouldBeNull();
        }

        (await _reader.FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reader_beside_the_writer_finds_every_key_that_was_acknowledged()
    {
        var (acknowledged, missed) = (0, 0);
        var ended = false;
        var reading = Task.Run(async () =>
        {
            var random = new Random(1);
            while (!Volatile.Read(ref ended))
            {
                var count = Volatile.Read(ref acknowledged);
                Guid key;
                lock (_keys) key = count == 0 ? Guid.Empty : _keys[random.Next(count)];
                if (count > 0 && await _reader.GetOutcomeAsync(key, Cancel) is null) Interlocked.Increment(ref missed);
            }
        }, Cancel);
        for (var batch = 0; batch < 60; batch++)
        {
            await WriteAsync(LedgerLimits.ShardBatchCommands);
            Volatile.Write(ref acknowledged, _keys.Count);
        }

        Volatile.Write(ref ended, true);
        await reading;
        missed.ShouldBe(0);
    }

    [Theory]
    [InlineData("UPDATE outcome_index SET row = row + 1")]
    [InlineData("DELETE FROM outcomes WHERE row < 1000")]
    public async Task A_damaged_outcome_is_not_a_free_key(string damage)
    {
        for (var batch = 0; batch < 34; batch++) await WriteAsync(LedgerLimits.ShardBatchCommands);
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(_folder.Path, "ledger", "shard-0.db")))
            database.Execute(damage);
        await ShouldBeCorruptAsync(async () => await _reader.GetOutcomeAsync(_keys[0], Cancel));
        await ShouldBeCorruptAsync(() => ReadAsWriterAsync(_keys[0]));
        var findings = await _reader.FindBrokenBalancesAsync(10, Cancel);
        findings.ShouldHaveSingleItem().ShouldContain("The index of outcomes leads to");
    }

    private static async Task ShouldBeCorruptAsync(Func<Task<OutcomeRow?>> read) =>
        (await Should.ThrowAsync<TidelineException>(read)).Code.ShouldBe(ErrorCode.Corrupt);

    private async Task WriteAsync(int count)
    {
        var keys = new BatchKeys();
        var writes = new BatchWrites { TimeUs = TimeUs };
        for (var at = 0; at < count; at++) writes.Outcomes.Add(Outcome(NewKey()));
        foreach (var outcome in writes.Outcomes) keys.Outcomes.Add(outcome.Key);
        (await _store.BeginAsync(keys)).Outcomes.ShouldBeEmpty();
        await _store.CommitAsync(writes);
        await _store.SyncAsync();
        lock (_keys) _keys.AddRange(writes.Outcomes.Select(outcome => outcome.Key));
    }

    // Outcomes and a share of the index are written, then a saga that is there twice fails the commit.
    private async Task FailAsync()
    {
        var writes = new BatchWrites { TimeUs = TimeUs };
        for (var at = 0; at < 700; at++) writes.Outcomes.Add(Outcome(NewKey()));
        writes.NewAggregates.AddRange([Aggregate(Id(7), "open"), Aggregate(Id(7), "open")]);
        await _store.BeginAsync(new BatchKeys());
        await Should.ThrowAsync<TidelineException>(async () => await _store.CommitAsync(writes));
        await ShouldFindAsync(_keys.TakeLast(3));
        (await ReadAsWriterAsync(writes.Outcomes[0].Key)).ShouldBeNull();
    }

    private async Task ShouldFindAsync(IEnumerable<Guid> keys)
    {
        foreach (var key in keys)
        {
            (await _reader.GetOutcomeAsync(key, Cancel)).ShouldBe(Outcome(key));
            (await ReadAsWriterAsync(key)).ShouldBe(Outcome(key));
        }
    }

    private async Task<OutcomeRow?> ReadAsWriterAsync(Guid key)
    {
        try
        {
            return (await _store.BeginAsync(new BatchKeys { Outcomes = { key } })).Outcomes.GetValueOrDefault(key);
        }
        finally
        {
            await _store.RollbackAsync();
        }
    }

    private long CountIndexed()
    {
        var count = ((SqliteShardStore)_store).Database.Prepare("SELECT count(*) FROM outcome_index");
        count.Step();
        var rows = count.Long(0);
        count.Reset();
        return rows;
    }

    private async ValueTask StartAsync()
    {
        _ledger = SqliteLedgerStore.Open(_folder.Path, shards: 1);
        _store = _ledger.OpenWriter(0);
        await _store.AcquireAsync(Cancel);
        _reader = _ledger.OpenReader(0);
    }

    private async Task StopAsync()
    {
        await _reader.DisposeAsync();
        await _store.DisposeAsync();
        await _ledger.DisposeAsync();
    }

    private static Guid NewKey() => new(RandomNumberGenerator.GetBytes(16));
}
