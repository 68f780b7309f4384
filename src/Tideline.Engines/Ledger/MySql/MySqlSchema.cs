using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The tables of a shard, one database each, made by versioned migrations. DDL commits by itself in MySQL, so each step
/// can be repeated, and a named lock of the server lets one process at a time do it. Ids are 16 bytes in the order in
/// which they sort. <see cref="MySqlTables"/> has the tables, <see cref="MySqlViews"/> what people read.
/// </summary>
internal static class MySqlSchema
{
    private const int LockSeconds = 30;

    // Formats before it were never released, and their data is not read.
    private const int FirstVersion = 3;

    // Append only: a step that was released never changes.
    private static readonly string[] Migrations =
    [
        $"{MySqlTables.Shard}{MySqlTables.Money}{MySqlTables.Records}",
    ];

    /// <summary>The newest step that this program knows; data that is beyond it was written by a newer one.</summary>
    public static int Version => FirstVersion + Migrations.Length - 1;

    /// <summary>
    /// Brings the database of a shard up to date, or makes its tables. Safe for many processes at once.
    /// </summary>
    /// <returns>Why the tables and views for people are not all there, in a sentence; null if they are.</returns>
    /// <exception cref="TidelineException">IncompatibleData: newer, or of another installation.
    /// StorageUnavailable.</exception>
    public static string? Ensure(MySqlConnection connection, int shard, Placement placement)
    {
        var shards = placement.Shards.Count;
        var name = string.Create(CultureInfo.InvariantCulture, $"migrate-{connection.Database}");
        if (Scalar(connection, $"SELECT GET_LOCK('{name}', {LockSeconds})") != 1)
            throw new TidelineException(ErrorCode.StorageUnavailable,
                $"Another process has been changing the tables of {connection.Database} for {LockSeconds} s.");
        try
        {
            var isChanged = Migrate(connection);
            Execute(connection, string.Create(CultureInfo.InvariantCulture,
                $"INSERT IGNORE INTO shard_head (id, shard, shards, epoch, writer, owner, lease_until, commits, "
                    + $"message_seq, time_us) VALUES (0, {shard}, {shards}, 0, 0x{0:x32}, '', '2000-01-01', 0, 0, 0)"));
            Require(connection, shard, shards);
            MySqlPlacement.Ensure(connection, placement);
            return EnsureReadable(connection, isChanged);
        }
        finally
        {
            Scalar(connection, $"SELECT RELEASE_LOCK('{name}')");
        }
    }

    // The ledger does not need the objects that are only for people, so a fault in them stops no node. Views hold no
    // data: all are recreated after a change of tables or of their text, and when one is missing, because a restore may
    // leave them out.
    private static string? EnsureReadable(MySqlConnection connection, bool isChanged)
    {
        try
        {
            Execute(connection, MySqlTables.Meanings);
            MySqlCodes.Ensure(connection);
            if (isChanged || !MySqlViews.AreThere(connection)) MySqlViews.Create(connection);
            return null;
        }
        catch (MySqlException fault)
        {
            return $"MySQL refused a statement: {fault.Message}.";
        }
    }

    private static bool Migrate(MySqlConnection connection)
    {
        Execute(connection, MySqlTables.Versions);
        var found = Scalar(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_versions");
        if (found > Version || found is > 0 and < FirstVersion)
        {
            var writer = found > Version ? "A newer" : "An older";
            throw new TidelineException(ErrorCode.IncompatibleData, $"{connection.Database} has format {found}; "
                + $"this program knows format {Version}. {writer} version of Tideline wrote it: use that one.");
        }

        for (var next = Math.Max((int)found + 1, FirstVersion); next <= Version; next++)
        {
            Execute(connection, Migrations[next - FirstVersion]);
            Execute(connection, string.Create(
                CultureInfo.InvariantCulture, $"INSERT INTO schema_versions (version) VALUES ({next})"));
        }

        return found < Version;
    }

    private static void Require(MySqlConnection connection, int shard, int shards)
    {
        var (storedShard, storedShards) =
            (Scalar(connection, "SELECT shard FROM shard_head"), Scalar(connection, "SELECT shards FROM shard_head"));
        if (storedShard != shard || storedShards != shards)
            throw new TidelineException(
                ErrorCode.IncompatibleData, $"{connection.Database} is shard {storedShard} of {storedShards}, but "
                    + $"shard {shard} of {shards} was asked for. The number of shards is fixed when the data is "
                    + $"created.");
    }

    private static long Scalar(MySqlConnection connection, string sql)
    {
        using var command = new MySqlCommand(sql, connection);
        return Convert.ToInt64(command.ExecuteScalar() ?? 0L, CultureInfo.InvariantCulture);
    }

    private static void Execute(MySqlConnection connection, string sql)
    {
        using var command = new MySqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
