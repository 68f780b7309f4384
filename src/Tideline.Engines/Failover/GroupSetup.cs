using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>Forms a group of fresh servers, and reseeds a server from a copy of another.</summary>
public static class GroupSetup
{
    private const string Tables =
        """
        CREATE DATABASE IF NOT EXISTS tideline_group;
        CREATE TABLE IF NOT EXISTS tideline_group.topology (
            term BIGINT PRIMARY KEY COMMENT 'Number of the term; the highest counts.',
            primary_server VARCHAR(255) NOT NULL COMMENT 'host:port of the primary of that term.',
            made_at DATETIME(6) NOT NULL COMMENT 'UTC.'
        ) COMMENT 'The primary of each term of the group.';
        CREATE TABLE IF NOT EXISTS tideline_group.heartbeat (
            id INT PRIMARY KEY COMMENT 'Number of the row that a controller writes.',
            beat_at DATETIME(6) NOT NULL COMMENT 'UTC.'
        ) COMMENT 'Written to find out whether replicas acknowledge.';
        CREATE TABLE IF NOT EXISTS tideline_group.quarantine (
            server VARCHAR(255) NOT NULL COMMENT 'host:port of the member.',
            gtids VARCHAR(8192) NOT NULL COMMENT 'Its transactions that no other member has.',
            found_at DATETIME(6) NOT NULL COMMENT 'UTC.',
            PRIMARY KEY (server, found_at)
        ) COMMENT 'Members with transactions that nobody acknowledged.';
        """;

    /// <summary>The start options of <c>mysqld</c> for a member.</summary>
    public static IReadOnlyList<string> ServerOptions => GroupSettings.Options;

    /// <summary>
    /// Makes the first member the primary of term 1 and the others its replicas. If a member already has a term,
    /// nothing is changed. If several controllers try, only one succeeds.
    /// </summary>
    /// <exception cref="TidelineException">
    /// InvalidInput: a setting has a wrong value, or a member has transactions that the first lacks; each is named.
    /// StorageUnavailable: a server does not answer or refuses.
    /// </exception>
    public static async Task MakeAsync(FailoverOptions options, CancellationToken cancel)
    {
        var members = GroupAddress.Parse(options.Group).Members;
        var connections = new List<MySqlConnection>();
        var silent = new List<string>();
        try
        {
            foreach (var opening in members.Select(
                member => (Member: member, Connection: member.OpenAsync(MySqlLimits.ReadSeconds, cancel))).ToArray())
            {
                try
                {
                    connections.Add(await opening.Connection);
                }
                catch (MySqlException fault)
                {
                    silent.Add($"{opening.Member.Name}: {fault.Message}");
                }
            }

            foreach (var connection in connections)
            {
                if (await KnowsTermAsync(connection, cancel)) return;
            }

            if (silent.Count > 0) throw new TidelineException(ErrorCode.StorageUnavailable,
                $"No member that answers has a term; forming a group needs all members. {string.Join("; ", silent)}");
            await MakeAsync(options, members, connections, cancel);
        }
        catch (MySqlException fault)
        {
            throw new TidelineException(
                ErrorCode.StorageUnavailable, $"The group could not be formed: {fault.Message}", fault);
        }
        finally
        {
            foreach (var connection in connections) await connection.DisposeAsync();
        }
    }

    private static async Task MakeAsync(FailoverOptions options,
        IReadOnlyList<MemberAddress> members, List<MySqlConnection> connections, CancellationToken cancel)
    {
        var first = connections[0];
        if (await ScalarAsync(
            first, $"SELECT GET_LOCK('{GroupMember.Lock}', {MySqlLimits.ConnectSeconds})", cancel) is not 1L)
            throw new TidelineException(
                ErrorCode.StorageUnavailable, $"Another controller is forming the group at {members[0].Name}.");
        if (await KnowsTermAsync(first, cancel)) return;
        await RequireAsync(members, connections, cancel);
        await RunAsync(first,
            $"SET GLOBAL super_read_only = OFF; SET GLOBAL rpl_semi_sync_source_enabled = OFF; {Tables}", cancel);
        foreach (var replica in connections.Skip(1))
            await RunAsync(replica, $"STOP REPLICA; {options.Follow(members[0])}; START REPLICA", cancel);
        // The row must be in the logs of replicas before any client may write.
        await RunAsync(
            first, $"SET GLOBAL rpl_semi_sync_source_enabled = ON; INSERT INTO tideline_group.topology VALUES (1, "
                + $"'{members[0].Name}', UTC_TIMESTAMP(6)); SET GLOBAL read_only = OFF", cancel);
    }

    /// <summary>
    /// Copies everything from a donor over a member (MySQL's clone plugin), replacing the member's data. Its server
    /// then stops, or restarts if it is supervised; when it is back, the controller makes it a replica.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: a server does not answer or refuses.</exception>
    public static async Task ReseedAsync(string member, string donor, CancellationToken cancel)
    {
        const MySqlErrorCode NotSupervised = (MySqlErrorCode)3707;
        var (to, from) = (GroupAddress.Parse(member).Members[0], GroupAddress.Parse(donor).Members[0]);
        var user = new MySqlConnectionStringBuilder(from.ConnectionString);
        try
        {
            await using var connection = await to.OpenAsync(MySqlLimits.ReadSeconds, cancel);
            await RunAsync(connection, $"STOP REPLICA; SET GLOBAL super_read_only = OFF; SET GLOBAL "
                + $"clone_valid_donor_list = '{from.Name}'", cancel);
            await RunAsync(connection, $"CLONE INSTANCE FROM '{user.UserID}'@'{from.Host}':{from.Port} IDENTIFIED BY "
                + $"'{user.Password.Replace("'", "''", StringComparison.Ordinal)}'", cancel);
        }
        catch (MySqlException fault) when (fault.ErrorCode == NotSupervised
            || fault.ErrorCode == MySqlErrorCode.ServerShutdown || (int)fault.ErrorCode is 2006 or 2013)
        {
            // A successful clone ends like this: the server shuts down with its new data.
        }
        catch (MySqlException fault)
        {
            throw new TidelineException(ErrorCode.StorageUnavailable,
                $"{to.Name} could not be copied from {from.Name}: {fault.Message}", fault);
        }
    }

    private static async Task<bool> KnowsTermAsync(MySqlConnection connection, CancellationToken cancel) =>
        await ScalarAsync(connection, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = "
            + "'tideline_group' AND table_name = 'topology'", cancel) is > 0L
        && await ScalarAsync(connection, "SELECT MAX(term) FROM tideline_group.topology", cancel) is long;

    private static async Task RequireAsync(
        IReadOnlyList<MemberAddress> members, List<MySqlConnection> connections, CancellationToken cancel)
    {
        var findings = new List<string>();
        for (var at = 0; at < members.Count; at++)
            findings.AddRange(await GroupSettings.CheckAsync(connections[at], members[at].Name, cancel));
        var all = await ScalarAsync(connections[0], "SELECT @@gtid_executed", cancel);
        for (var at = 1; at < members.Count; at++)
        {
            if (await ScalarAsync(connections[at],
                $"SELECT GTID_SUBTRACT(@@gtid_executed, '{all}')", cancel) is string { Length: > 0 } beyond)
                findings.Add($"{members[at].Name} has transactions that {members[0].Name} lacks ({beyond}): reseed it "
                    + $"from there, or start with empty servers.");
        }

        if (findings.Count > 0) throw new TidelineException(
            ErrorCode.InvalidInput, $"A failover of this group could lose data:\n{string.Join('\n', findings)}");
    }

    private static async Task RunAsync(MySqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static async Task<object?> ScalarAsync(MySqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new MySqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancel);
    }
}
