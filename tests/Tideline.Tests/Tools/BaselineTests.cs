using Tideline.Engines.Sqlite;
using Tideline.Tools.Baselines;
using Tideline.Tools.Load;

namespace Tideline.Tests.Tools;

public sealed class BaselineTests
{
    [Fact]
    public async Task Raw_writes_every_row_of_a_transfer_and_the_reserved_keys_of_other_shards()
    {
        using var folder = new TemporaryFolder("raw-test");
        await new SqliteBaselines(folder.Path, 2, 50, PayloadSizes.Typical, TimeProvider.System)
            .RawAsync(batch: 32, TimeSpan.FromMilliseconds(100));

        var transfers = Rows(folder, "transactions");
        transfers.ShouldBeGreaterThan(0);
        ShouldBalance(folder, transfers);
        Rows(folder, "outcomes WHERE kind = 1").ShouldBe(transfers);
        Rows(folder, "aggregates").ShouldBe(0);
        Rows(folder, "outcomes WHERE kind = 0").ShouldBeInRange(transfers / 4, transfers * 3 / 4);
    }

    [Fact]
    public async Task Naive_writes_the_same_rows_but_reserves_nothing()
    {
        using var folder = new TemporaryFolder("naive-test");
        await new SqliteBaselines(folder.Path, 2, 50, PayloadSizes.Typical, TimeProvider.System)
            .NaiveAsync(clients: 8, TimeSpan.FromMilliseconds(100));

        var transfers = Rows(folder, "transactions");
        transfers.ShouldBeGreaterThan(0);
        ShouldBalance(folder, transfers);
        Rows(folder, "outcomes").ShouldBe(transfers);
    }

    private static void ShouldBalance(TemporaryFolder folder, long transfers)
    {
        Rows(folder, "entries").ShouldBe(transfers * 2);
        Rows(folder, "events").ShouldBe(transfers * 2);
        One(folder, "SELECT sum(balance) FROM accounts").ShouldBe(2 * 50 * IRawShard.FundsMinor);
        One(folder, "SELECT count(*) FROM accounts a JOIN entries e ON e.account_id = a.account_id AND "
            + "e.entry_version = a.entry_version WHERE e.balance_after <> a.balance").ShouldBe(0);
    }

    private static long Rows(TemporaryFolder folder, string from) => One(folder, $"SELECT count(*) FROM {from}");

    private static long One(TemporaryFolder folder, string sql) =>
        Directory.GetFiles(folder.Path, "shard-?.db", SearchOption.AllDirectories).Sum(file =>
    {
        using var database = SqliteDatabase.OpenReader(file);
        var statement = database.Prepare(sql);
        statement.Step().ShouldBeTrue();
        var value = statement.Long(0);
        statement.Reset();
        return value;
    });
}
