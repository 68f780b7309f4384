using System.Globalization;
using MySqlConnector;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Faults;

/// <summary>
/// What a site's own failover does to a primary and its two replicas, by hand. The program has no part in it.
/// </summary>
internal sealed class SiteFailover(SemiSyncGroup group)
{
    private const int Primary = 0, Seconds = 60;

    /// <summary>The primary takes no writes any more and lives on; a replica that has all it had takes them.</summary>
    /// <returns>The new primary's number.</returns>
    public async Task<int> SwitchAsync(CancellationToken cancel)
    {
        await AskAsync(Primary, "SET GLOBAL super_read_only = ON", cancel);
        await CarryOutAsync(1, await AskAsync(Primary, "SELECT @@gtid_executed", cancel), cancel);
        return await PromoteAsync(1, cancel);
    }

    /// <summary>
    /// The primary is killed; the replica that has more takes writes. One of them has all that was acknowledged.
    /// </summary>
    /// <returns>The new primary's number.</returns>
    public async Task<int> KillAsync(CancellationToken cancel)
    {
        await group.KillPrimaryAsync();
        foreach (var replica in (int[])[1, 2])
        {
            await AskAsync(replica, "STOP REPLICA IO_THREAD", cancel);
            await CarryOutAsync(replica, await AskAsync(replica, "SELECT RECEIVED_TRANSACTION_SET FROM "
                + "performance_schema.replication_connection_status", cancel), cancel);
        }

        var has = await AskAsync(2, "SELECT @@gtid_executed", cancel);
        return await PromoteAsync(
            await AskAsync(1, $"SELECT GTID_SUBSET('{has}', @@gtid_executed)", cancel) == "1" ? 1 : 2, cancel);
    }

    /// <summary>The number of the last event in the books of shard 0, as a server has them.</summary>
    public async Task<long> LastEventAsync(int member, CancellationToken cancel) => long.Parse(
        (await AskAsync(member, "SELECT MAX(event_seq) FROM tideline_0.events", cancel))!,
        CultureInfo.InvariantCulture);

    private async Task<int> PromoteAsync(int member, CancellationToken cancel)
    {
        await AskAsync(member, "STOP REPLICA; SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF", cancel);
        return member;
    }

    private async Task CarryOutAsync(int member, string? all, CancellationToken cancel) =>
        (await AskAsync(member, $"SELECT WAIT_FOR_EXECUTED_GTID_SET('{all}', {Seconds})", cancel)).ShouldBe("0");

    private async Task<string?> AskAsync(int member, string sql, CancellationToken cancel)
    {
        await using var connection = new MySqlConnection(
            string.Create(CultureInfo.InvariantCulture, $"Server=127.0.0.1;Port={group.Ports[member]};User "
                + $"ID=root;Pooling=false;DefaultCommandTimeout={2 * Seconds}"));
        await connection.OpenAsync(cancel);
        await using var command = new MySqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
    }
}
