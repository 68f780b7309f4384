using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>
/// Where shards lie is kept with them. Two groups are the one real server, named twice: what belongs together is told
/// by the groups.
/// </summary>
public sealed class PlacementTests : IAsyncDisposable
{
    private readonly MySqlDatabases _databases = new();

    public ValueTask DisposeAsync() => _databases.DisposeAsync();

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    public async Task A_group_that_is_added_moves_nothing(int before, int after)
    {
        await using (var store = await OpenAsync(before)) GroupsOf(store).ShouldBe([0, before - 1]);
        await using (var store = await OpenAsync(after))
        {
            (store.Placement.Version, GroupsOf(store)[1]).ShouldBe((1, before - 1));
            store.TakesKeysOf(0, 1).ShouldBe(before == 1);
        }
    }

    [Fact]
    public async Task A_group_that_is_not_named_any_more_is_missed()
    {
        await (await OpenAsync(2)).DisposeAsync();
        var refused = await Should.ThrowAsync<TidelineException>(OpenAsync(1));
        (refused.Code, refused.Message.Contains("Shard 1 is placed on MySQL group 1", StringComparison.Ordinal))
            .ShouldBe((ErrorCode.InvalidInput, true));
    }

    [Fact]
    public async Task The_newest_version_counts_and_every_database_gets_it()
    {
        await (await OpenAsync(1)).DisposeAsync();
        await _databases.ExecuteAsync(1, "INSERT INTO placement VALUES (2, 0, 1, 2), (2, 1, 0, 1)");
        await using var store = await OpenAsync(2);
        (store.Placement.Version, store.Placement.Shards[0].Epoch).ShouldBe((2, 2));
        GroupsOf(store).ShouldBe([1, 0]);
        (await _databases.ReadAsync(0, "SELECT COUNT(*) FROM placement WHERE version = 2")).ShouldBe(2L);
    }

    [Fact]
    public async Task A_map_that_lacks_a_shard_is_refused()
    {
        await (await OpenAsync(1)).DisposeAsync();
        await _databases.ExecuteAsync(0, "DELETE FROM placement WHERE shard = 0");
        (await Should.ThrowAsync<TidelineException>(OpenAsync(1))).Code.ShouldBe(ErrorCode.Corrupt);
    }

    [Fact]
    public async Task Of_two_processes_that_place_new_shards_differently_one_is_refused()
    {
        await (await OpenAsync(1)).DisposeAsync();
        await using var connection = await _databases.ConnectAsync(0);
        Should.Throw<TidelineException>(
                () => MySqlPlacement.Ensure(connection, Tideline.Ledger.Placement.Over(2, 2)))
            .Code.ShouldBe(ErrorCode.IncompatibleData);
    }

    private static int[] GroupsOf(MySqlLedgerStore store) => [.. store.Placement.Shards.Select(place => place.Group)];

    private Task<MySqlLedgerStore> OpenAsync(int groups) => MySqlLedgerStore.OpenAsync(
        _databases.Options with { Primaries = [.. Enumerable.Repeat(RealEngine.MySql, groups)] },
        TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
}
