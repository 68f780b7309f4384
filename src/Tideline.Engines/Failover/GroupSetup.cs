using MySqlConnector;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>Makes a group of fresh servers, and brings a server back into it from a copy of another.</summary>
public static class GroupSetup
{
    private const string Tables =
        """
        CREATE DATABASE IF NOT EXISTS tideline_group;
        CREATE TABLE IF NOT EXISTS tideline_group.topology (term BIGINT PRIMARY KEY, primary_server VARCHAR(255) NOT NULL, made_at DATETIME(6) NOT NULL);
        CREATE TABLE IF NOT EXISTS tideline_group.pulse (id INT PRIMARY KEY, beat_at DATETIME(6) NOT NULL);
        CREATE TABLE IF NOT EXISTS tideline_group.quarantine (server VARCHAR(255) NOT NULL, gtids VARCHAR(8192) NOT NULL, found_at DATETIME(6) NOT NULL, PRIMARY KEY (server, found_at));
        """;

    /// <summary>What <c>mysqld</c> is started with as a member.</summary>
    public static IReadOnlyList<string> ServerOptions => GroupSettings.Options;

    /// <summary>Makes the first member the primary of term 1 and the others its replicas. Where a term is there already nothing is changed.</summary>
    /// <exception cref="TidelineException">InvalidInput: a setting must be another one; each is named. StorageUnavailable: a server does not answer or refuses.</exception>
    public static async Task MakeAsync(FailoverOptions options, CancellationToken cancel)
    {
        var members = GroupAddress.Parse(options.Group).Members;
        var connections = new List<MySqlConnection>();
        try
        {
            foreach (var member in members) connections.Add(await OpenAsync(member, cancel));
            await RequireAsync(members, connections, cancel);
            if (await ScalarAsync(connections[0], "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'tideline_group' AND table_name = 'topology'", cancel) is > 0L) return;
            await RunAsync(connections[0], $"SET GLOBAL super_read_only = OFF; SET GLOBAL rpl_semi_sync_source_enabled = OFF; {Tables}", cancel);
            foreach (var replica in connections.Skip(1)) await RunAsync(replica, $"{options.Follow(members[0])}; START REPLICA", cancel);
            // The row is in the logs of replicas before anybody may write.
            await RunAsync(
                connections[0],
                $"SET GLOBAL rpl_semi_sync_source_enabled = ON; INSERT INTO tideline_group.topology VALUES (1, '{members[0].Name}', UTC_TIMESTAMP(6)); SET GLOBAL read_only = OFF", cancel);
        }
        catch (MySqlException fault)
        {
            throw new TidelineException(ErrorCode.StorageUnavailable, $"The group could not be made: {fault.Message}", fault);
        }
        finally
        {
            foreach (var connection in connections) await connection.DisposeAsync();
        }
    }

    /// <summary>
    /// Copies everything from a donor over a member (MySQL's clone plugin), whatever the member had. Its server ends, or restarts where something watches over it; when it
    /// is back, the controller makes it a replica.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: a server does not answer or refuses.</exception>
    public static async Task ReseedAsync(string member, string donor, CancellationToken cancel)
    {
        const MySqlErrorCode NotSupervised = (MySqlErrorCode)3707;
        var (to, from) = (GroupAddress.Parse(member).Members[0], GroupAddress.Parse(donor).Members[0]);
        var user = new MySqlConnectionStringBuilder(from.ConnectionString);
        try
        {
            await using var connection = await OpenAsync(to, cancel);
            await RunAsync(connection, $"STOP REPLICA; SET GLOBAL super_read_only = OFF; SET GLOBAL clone_valid_donor_list = '{from.Name}'", cancel);
            await RunAsync(connection, $"CLONE INSTANCE FROM '{user.UserID}'@'{from.Host}':{from.Port} IDENTIFIED BY '{user.Password.Replace("'", "''", StringComparison.Ordinal)}'", cancel);
        }
        catch (MySqlException fault) when (fault.ErrorCode == NotSupervised || fault.ErrorCode == MySqlErrorCode.ServerShutdown || (int)fault.ErrorCode is 2006 or 2013)
        {
            // That is how it ends when it was done: the server goes down with its new data.
        }
        catch (MySqlException fault)
        {
            throw new TidelineException(ErrorCode.StorageUnavailable, $"{to.Name} could not be copied from {from.Name}: {fault.Message}", fault);
        }
    }

    private static async Task RequireAsync(IReadOnlyList<MemberAddress> members, List<MySqlConnection> connections, CancellationToken cancel)
    {
        var findings = new List<string>();
        for (var at = 0; at < members.Count; at++) findings.AddRange(await GroupSettings.CheckAsync(connections[at], members[at].Name, cancel));
        if (findings.Count > 0) throw new TidelineException(ErrorCode.InvalidInput, $"A failover of this group could lose something:\n{string.Join('\n', findings)}");
    }

    private static async Task<MySqlConnection> OpenAsync(MemberAddress member, CancellationToken cancel)
    {
        var connection = new MySqlConnection(new MySqlConnectionStringBuilder(member.ConnectionString) { Pooling = false, DefaultCommandTimeout = Limits.StrongReadSeconds }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
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
