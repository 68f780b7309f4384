using System.Collections.Concurrent;
using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The database of one shard and the two kinds of connection to it: the writer's own, and a pool of readers.
/// </summary>
internal sealed class MySqlAddress : IAsyncDisposable
{
    private readonly PrimaryFinder _finder;
    private readonly ConcurrentDictionary<PrimaryLease, MySqlDataSource> _readers =
        new(ReferenceEqualityComparer.Instance);
    private volatile PrimaryLease? _used;

    public MySqlAddress(PrimaryFinder finder, string database) => (_finder, Database) = (finder, database);

    public string Database { get; }

    /// <summary>Whether one transaction can touch both databases.</summary>
    public bool SharesPrimaryWith(MySqlAddress other) => ReferenceEquals(_finder, other._finder);

    /// <summary>A session for writing, which the caller owns.</summary>
    /// <exception cref="MySqlException">The server does not answer or refuses.</exception>
    /// <exception cref="TidelineException">StorageUnavailable: its group has no primary now.</exception>
    public MySqlConnection OpenWriter()
    {
        _used = _finder.Get();
        var connection = new MySqlConnection(Build(_used.Member.ConnectionString, builder => (builder.Database,
            builder.Pooling, builder.NoBackslashEscapes) = (Database, false, true)).ConnectionString);
        try
        {
            connection.Open();
            // READ COMMITTED: rows that are not there must not lock the gaps where others insert. A writer that waits
            // for a lock tries again by itself. The session of a process that stands still ends with its lease, and the
            // locks of its last batch with it.
            using var command = new MySqlCommand(
                $"SET SESSION transaction_isolation = 'READ-COMMITTED', sql_mode = "
                    + $"'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES', innodb_lock_wait_timeout = "
                    + $"{MySqlLimits.LockWaitSeconds}, "
                    + $"wait_timeout = {LedgerLimits.LeaseMs / 1_000}, time_zone = '+00:00'",
                connection);
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            _finder.Doubt(_used);
            throw;
        }
    }

    /// <summary>
    /// The session that was opened last is of no use any more: the primary may be another server, and readers go there
    /// too.
    /// </summary>
    public void DoubtWriter()
    {
        if (_used is { } used) _finder.Doubt(used);
    }

    /// <summary>The primary, for a reader to open a session there.</summary>
    public ValueTask<PrimaryLease> FindAsync() => _finder.GetAsync();

    /// <summary>
    /// The pool of sessions at a primary. They only read, so nothing is reset between two users, and what a session has
    /// prepared stays. A server that is the primary again has a new one: its old sessions are lost, and would bring the
    /// new tenure into doubt.
    /// </summary>
    public MySqlDataSource Readers(PrimaryLease primary)
    {
        if (_readers.TryGetValue(primary, out var known)) return known;
        foreach (var over in _readers.Where(each => each.Key.Ended.IsCancellationRequested)) Leave(over);
        return _readers.GetOrAdd(primary, _ => new MySqlDataSource(
            Build(primary.Member.ConnectionString, builder => (builder.Database, builder.MaximumPoolSize,
                builder.ConnectionReset) = (Database, MySqlLimits.StrongReaders, false)).ConnectionString));
    }

    /// <summary>
    /// A session of the pool was lost: the primary is in doubt, and so are the other sessions, which would find out one
    /// by one.
    /// </summary>
    public void DoubtReaders(PrimaryLease primary, MySqlDataSource readers)
    {
        _finder.Doubt(primary);
        Leave(new KeyValuePair<PrimaryLease, MySqlDataSource>(primary, readers));
    }

    /// <summary>
    /// Makes the database if it is not there; an installation may have made it for a user who may not.
    /// </summary>
    public void EnsureDatabase()
    {
        using var connection = OpenServer();
        if (Is(connection, $"SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '{Database}'"))
            return;
        using var create = new MySqlCommand($"CREATE DATABASE IF NOT EXISTS {Database}", connection);
        create.ExecuteNonQuery();
    }

    /// <summary>The placement that databases of the installation on this server hold; null when none does.</summary>
    public Placement? FindPlacement(string prefix)
    {
        using var connection = OpenServer();
        return MySqlPlacement.Find(connection, prefix);
    }

    /// <summary>Whether the tables of the shard are there.</summary>
    public bool IsMade()
    {
        using var connection = OpenServer();
        return IsMade(connection);
    }

    /// <summary>Whether anything was ever written on the shard.</summary>
    public bool IsUsed()
    {
        using var connection = OpenServer();
        return IsMade(connection) && Is(
            connection,
            $"SELECT EXISTS (SELECT 1 FROM {Database}.events) OR EXISTS (SELECT 1 FROM {Database}.epochs WHERE "
                + $"number > 1)");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var readers in _readers.Values) await readers.DisposeAsync();
    }

    private void Leave(KeyValuePair<PrimaryLease, MySqlDataSource> readers)
    {
        if (_readers.TryRemove(readers)) _ = readers.Value.DisposeAsync().AsTask();
    }

    private bool IsMade(MySqlConnection connection) => Is(
        connection,
        $"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{Database}' AND table_name = 'events'");

    private static bool Is(MySqlConnection connection, string sql)
    {
        using var query = new MySqlCommand(sql, connection);
        return Convert.ToInt64(query.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture) > 0;
    }

    private MySqlConnection OpenServer()
    {
        var connection = new MySqlConnection(
            Build(_finder.Get().Member.ConnectionString, builder => builder.Pooling = false).ConnectionString);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static MySqlConnectionStringBuilder Build(string primary, Action<MySqlConnectionStringBuilder> add)
    {
        var builder = new MySqlConnectionStringBuilder(primary)
        {
            GuidFormat = MySqlGuidFormat.Binary16,
            CharacterSet = "utf8mb4",
            AllowUserVariables = true,
            ConnectionTimeout = MySqlLimits.ConnectSeconds,
            DefaultCommandTimeout = MySqlLimits.ReadSeconds,
            // A statement that takes too long is abandoned with its connection, never cancelled on the server: a COMMIT
            // that is killed there may be half known.
            CancellationTimeout = -1,
            Keepalive = MySqlLimits.ConnectSeconds,
        };
        add(builder);
        return builder;
    }
}
