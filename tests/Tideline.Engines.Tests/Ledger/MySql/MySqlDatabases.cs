using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>Databases of a test's own on the real server; dropped at its end.</summary>
internal sealed class MySqlDatabases : IAsyncDisposable
{
    private const int Shards = 2;

    public MySqlLedgerOptions Options { get; } = new()
    {
        Primaries = [RealEngine.MySql],
        Shards = Shards,
        DatabasePrefix = $"tideline_test_{new IdGenerator(TimeProvider.System).Next():N}"[..40],
    };

    public Task<MySqlLedgerStore> OpenAsync() => OpenAsync((Options.Owner, null));

    /// <summary>
    /// As a process that others know by its words and address, and that prefers some shards; null: all.
    /// </summary>
    public Task<MySqlLedgerStore> OpenAsync((ShardOwner Owner, HashSet<int>? Own) process) =>
        MySqlLedgerStore.OpenAsync(Options with { Owner = process.Owner, Own = process.Own },
            TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);

    public async Task<object?> ReadAsync(int shard, string sql, string options = "")
    {
        await using var connection = await ConnectAsync(shard, options);
        await using var command = new MySqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    public async Task ExecuteAsync(int shard, string sql)
    {
        await using var connection = await ConnectAsync(shard);
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<MySqlConnection> ConnectAsync(int shard, string options = "")
    {
        var connection = new MySqlConnection($"{RealEngine.MySql};{options}");
        await connection.OpenAsync();
        await connection.ChangeDatabaseAsync($"{Options.DatabasePrefix}_{shard}");
        return connection;
    }

    /// <summary>
    /// As a server that went down and came back: whoever was connected is not any more, and finds out when it asks.
    /// </summary>
    public async Task EndSessionsAsync(int shard)
    {
        await using var connection = new MySqlConnection(RealEngine.MySql);
        await connection.OpenAsync();
        var sessions = new List<long>();
        await using (var look = new MySqlCommand(
            $"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{Options.DatabasePrefix}_{shard}'", connection))
        await using (var reader = await look.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync()) sessions.Add(reader.GetInt64(0));
        }

        foreach (var session in sessions) await GroupMember.KillAsync(connection, session);
    }

    public async ValueTask DisposeAsync()
    {
        await using var connection = new MySqlConnection(RealEngine.MySql);
        await connection.OpenAsync();
        for (var shard = 0; shard < Shards; shard++)
        {
            await using var drop = new MySqlCommand(
                $"DROP DATABASE IF EXISTS {Options.DatabasePrefix}_{shard}", connection);
            await drop.ExecuteNonQueryAsync();
        }
    }
}
