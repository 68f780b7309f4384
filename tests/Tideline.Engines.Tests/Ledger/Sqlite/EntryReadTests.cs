using CsCheck;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.Sqlite;

/// <summary>
/// Entries against a plain list of them, whatever commits, rolls back or is reopened; and what a damaged file answers.
/// </summary>
public sealed class EntryReadTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Entries_are_read_as_a_list_of_them_would_be()
    {
        // A step is a batch: for each entry its account and the time that passed. An empty one reopens the store.
        var step = Gen.Select(Gen.Select(Gen.Int[1, 4], Gen.Int[0, 2]).Array[0, 40], Gen.Int[0, 4]);
        await step.Array[0, 12].SampleAsync(async steps =>
        {
            await using var bank = await ShardInFolder.OpenAsync();
            foreach (var (entries, luck) in steps)
            {
                if (entries.Length == 0) await bank.ReopenAsync();
                else await bank.WriteAsync(entries, commits: luck > 0);
            }

            await bank.ShouldReadItsModelAsync();
        }, iter: 40);
    }

    [Fact]
    public async Task A_long_history_is_read_at_any_version_and_time()
    {
        await using var bank = await ShardInFolder.OpenAsync();
        for (var batch = 0; batch < 30; batch++)
            await bank.WriteAsync([.. Enumerable.Range(0, 200).Select(at => (1 + at % 2, at % 3))], commits: true);
        await bank.ReopenAsync();
        await bank.ShouldReadItsModelAsync();
    }

    [Theory]
    [InlineData("UPDATE entries SET account_id = (SELECT account_id FROM accounts ORDER BY account_id DESC LIMIT 1) "
        + "WHERE row = 4")]
    [InlineData("UPDATE entries SET entry_version = 3 WHERE row = 4")]
    [InlineData("UPDATE entries SET previous = 2 WHERE row = 5")]
    [InlineData("UPDATE entries SET previous = 20 WHERE row = 5")]
    [InlineData("DELETE FROM entries WHERE row = 4")]
    [InlineData("DELETE FROM entries WHERE row = 9")]
    [InlineData("UPDATE accounts SET entry_rows = NULL WHERE entry_version = 9")]
    [InlineData("UPDATE accounts SET entry_rows = x'0000000000000004' WHERE entry_version = 9")]
    [InlineData("UPDATE accounts SET entry_rows = x'0000000000000014' WHERE entry_version = 9")]
    [InlineData("UPDATE accounts SET entry_rows = x'010203' WHERE entry_version = 9")]
    public async Task A_damaged_entry_is_told_and_another_accounts_never_shown(string damage)
    {
        // Rows 1 to 9 are the first account's, 10 to 29 the second's.
        await using var bank = await ShardInFolder.OpenAsync();
        await bank.WriteAsync([.. Enumerable.Repeat((1, 1), 9), .. Enumerable.Repeat((2, 1), 20)], commits: true);
        (await bank.Reader.FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
        bank.Damage(damage);
        await bank.ShouldBeCorruptAsync(reader => reader.GetEntriesAsync(Id(1), long.MaxValue, 100, Cancel));
        var findings = await bank.Reader.FindBrokenBalancesAsync(100, Cancel);
        findings.ShouldContain(finding => finding.Contains(Id(1).ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_damaged_jump_is_told_by_reads_that_take_it_and_by_the_check()
    {
        await using var bank = await ShardInFolder.OpenAsync();
        await bank.WriteAsync([.. Enumerable.Repeat((1, 1), 9)], commits: true);
        bank.Damage("UPDATE entries SET jump = 6 WHERE row = 8");
        await bank.ShouldBeCorruptAsync(reader => reader.GetEntriesAsync(Id(1), 3, 1, Cancel));
        (await bank.Reader.FindBrokenBalancesAsync(10, Cancel)).ShouldHaveSingleItem()
            .ShouldContain("entry 8 leads to rows 7 and 6, but its earlier entries are in 7 and 7");
    }

    [Fact]
    public async Task Entries_of_an_account_that_has_no_row_are_read_too()
    {
        await using var bank = await ShardInFolder.OpenAsync();
        for (var version = 1; version <= 5; version++) await bank.WriteStrayAsync(version);
        var entries = await bank.Reader.GetEntriesAsync(Id(77), long.MaxValue, 10, Cancel);
        entries.Select(entry => entry.Version).ShouldBe([5L, 4, 3, 2, 1]);
    }

    // Accounts 1 to 4 of shard 0, and a list of the entries of each.
    private sealed class ShardInFolder : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Dictionary<Guid, List<EntryRow>> _model = [];
        private SqliteLedgerStore _ledger = null!;
        private IShardStore _store = null!;
        private long _timeUs = TimeUs;

        public IShardReader Reader { get; private set; } = null!;

        public static async Task<ShardInFolder> OpenAsync()
        {
            var shard = new ShardInFolder();
            await shard.StartAsync();
            var writes = new BatchWrites { TimeUs = TimeUs };
            for (var account = 1; account <= 4; account++)
            {
                shard._model.Add(Id(account), []);
                writes.NewAccounts.Add(Account(Id(account), Id(99)));
            }

            await shard.CommitAsync(new BatchKeys(), writes);
            return shard;
        }

        public async Task WriteAsync((int Account, int Passed)[] entries, bool commits)
        {
            var keys = new BatchKeys();
            foreach (var (account, _) in entries) keys.Accounts.Add(Id(account));
            var rows = await _store.BeginAsync(keys);
            var writes = new BatchWrites { TimeUs = _timeUs };
            var timeUs = _timeUs;
            foreach (var (account, passed) in entries)
            {
                var row = rows.Accounts[Id(account)];
                timeUs += passed;
                row.PostedMinor++;
                writes.Entries.Add(new EntryRow(row.Id, ++row.EntryVersion, Id(1_000), 1, row.PostedMinor, timeUs));
            }

            writes.ChangedAccounts.AddRange(rows.Accounts.Values);
            if (!commits)
            {
                // A saga that is there twice fails the commit after the entries were written.
                writes.NewAggregates.AddRange([Aggregate(Id(7), "open"), Aggregate(Id(7), "open")]);
                await Should.ThrowAsync<TidelineException>(async () => await _store.CommitAsync(writes));
                return;
            }

            await _store.CommitAsync(writes);
            await _store.SyncAsync();
            _timeUs = timeUs;
            foreach (var entry in writes.Entries) _model[entry.AccountId].Add(entry);
        }

        public Task WriteStrayAsync(long version)
        {
            var writes = new BatchWrites { TimeUs = TimeUs };
            writes.Entries.Add(new EntryRow(Id(77), version, Id(1_000), 1, version, TimeUs));
            return CommitAsync(new BatchKeys(), writes);
        }

        public async Task ReopenAsync()
        {
            await CloseAsync();
            await StartAsync();
        }

        public async Task ShouldReadItsModelAsync()
        {
            foreach (var (account, entries) in _model)
            {
                var newestFirst = Enumerable.Reverse(entries).ToList();
                foreach (var before in (long[])[long.MaxValue, .. Spread(entries.Count + 2), 1])
                {
                    foreach (var limit in (int[])[1, 3, int.MaxValue])
                    {
                        (await Reader.GetEntriesAsync(account, before, limit, Cancel))
                            .ShouldBe(newestFirst.Where(entry => entry.Version < before).Take(limit));
                    }
                }

                foreach (var passed in Spread((int)(_timeUs - TimeUs) + 2))
                {
                    var atUs = TimeUs + passed - 1;
                    var expected = newestFirst.Where(entry => entry.TimeUs <= atUs).Select(entry => (EntryRow?)entry);
                    (await Reader.GetEntryAtAsync(account, atUs, Cancel)).ShouldBe(expected.FirstOrDefault());
                }
            }

            (await Reader.FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
        }

        public async Task ShouldBeCorruptAsync(Func<IShardReader, ValueTask<IReadOnlyList<EntryRow>>> read)
        {
            var fault = await Should.ThrowAsync<TidelineException>(async () => await read(Reader));
            fault.Code.ShouldBe(ErrorCode.Corrupt);
        }

        public void Damage(string sql)
        {
            using var database = SqliteDatabase.OpenWriter(Path.Combine(_folder.Path, "ledger", "shard-0.db"));
            database.Execute(sql);
        }

        public async ValueTask DisposeAsync()
        {
            await CloseAsync();
            _folder.Dispose();
        }

        private async Task CommitAsync(BatchKeys keys, BatchWrites writes)
        {
            await _store.BeginAsync(keys);
            await _store.CommitAsync(writes);
            await _store.SyncAsync();
        }

        private async Task StartAsync()
        {
            _ledger = SqliteLedgerStore.Open(_folder.Path, shards: 1);
            _store = _ledger.OpenWriter(0);
            await _store.AcquireAsync(Cancel);
            Reader = _ledger.OpenReader(0);
        }

        private async Task CloseAsync()
        {
            await Reader.DisposeAsync();
            await _store.DisposeAsync();
            await _ledger.DisposeAsync();
        }

        // All numbers below a small one, or some of those below a large one.
        private static IEnumerable<long> Spread(int count)
        {
            var step = Math.Max(1, count / 40);
            return Enumerable.Range(0, count).Where(at => at % step == 0 || at > count - 4).Select(at => (long)at);
        }
    }
}
