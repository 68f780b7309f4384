using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.Sqlite;

public sealed class SqliteShardStoreTests : ShardReaderContract
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteLedgerStore _ledger;

    public SqliteShardStoreTests() => _ledger = SqliteLedgerStore.Open(_folder.Path, shards: 2);

    private protected override ILedgerStore Ledger => _ledger;

    private protected override async ValueTask CloseAsync()
    {
        await _ledger.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_full_disk_refuses_the_batch_and_goes_on_when_there_is_space()
    {
        var database = ((SqliteShardStore)Store).Database;
        database.Execute("PRAGMA max_page_count=1");
        await Store.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewCustomers.AddRange(Enumerable.Range(1, 1_000)
            .Select(number => new CustomerRow(new PersonalPart(Id(number), new byte[200]), 1, TimeUs)));
        var refused = await Should.ThrowAsync<TidelineException>(async () => await Store.CommitAsync(writes));
        (refused.Code, refused.IsTransient).ShouldBe((ErrorCode.StorageUnavailable, true));
        (await Reader.GetCustomerAsync(Id(1), Cancel)).ShouldBeNull();

        database.Execute("PRAGMA max_page_count=1000000");
        await Store.BeginAsync(Keys());
        await Store.CommitAsync(writes);
        await Store.SyncAsync();
        (await Reader.GetCustomerAsync(Id(1_000), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_read_of_what_is_not_on_the_disk_waits_for_it()
    {
        await Store.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewAccounts.Add(Account(Id(1), Id(2)));
        await Store.CommitAsync(writes);
        var read = Reader.GetAccountAsync(Id(1), Cancel).AsTask();
        read.IsCompleted.ShouldBeFalse();
        await Store.SyncAsync();
        (await read).ShouldNotBeNull();
    }

    [Fact]
    public void Two_owners_of_one_folder_are_one_too_many()
    {
        var refused = Should.Throw<TidelineException>(() => SqliteLedgerStore.Open(_folder.Path));
        refused.Code.ShouldBe(ErrorCode.AlreadyOwned);
        refused.Message.ShouldContain($"Another process (pid {Environment.ProcessId}) is using {_folder.Path}");
    }

    [Fact]
    public async Task The_number_of_shards_is_fixed_by_the_data()
    {
        await _ledger.DisposeAsync();
        Should.Throw<TidelineException>(() => SqliteLedgerStore.Open(_folder.Path, shards: 3))
            .Code.ShouldBe(ErrorCode.IncompatibleData);
        await using var reopened = SqliteLedgerStore.Open(_folder.Path);
        reopened.Map.Shards.ShouldBe(2);
    }

    [Theory]
    [InlineData(1, "An older version of Tideline wrote it")]
    [InlineData(99, "A newer version of Tideline wrote it")]
    public async Task Another_format_is_refused_in_clear_words(int format, string words)
    {
        await Store.DisposeAsync();
        await _ledger.DisposeAsync();
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(_folder.Path, "ledger", "shard-1.db")))
            database.Execute($"UPDATE meta SET value = {format} WHERE name = 'format'");
        var refused = Should.Throw<TidelineException>(() => SqliteLedgerStore.Open(_folder.Path));
        refused.Code.ShouldBe(ErrorCode.IncompatibleData);
        refused.Message.ShouldContain(words);
    }
}
