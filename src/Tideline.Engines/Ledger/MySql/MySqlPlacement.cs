using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The placement as every database of the installation holds it: whichever of them is missing, the others tell. The
/// newest version counts.
/// </summary>
internal static class MySqlPlacement
{
    /// <summary>The newest placement that databases of an installation on a server hold; null when none does.</summary>
    public static Placement? Find(MySqlConnection server, string prefix)
    {
        var databases = new List<string>();
        using (var query = new MySqlCommand(
            "SELECT table_schema FROM information_schema.tables WHERE table_name = 'placement' " +
            $"AND table_schema REGEXP '^{prefix}_[0-9]+$'", server))
        using (var reader = query.ExecuteReader())
        {
            while (reader.Read()) databases.Add(reader.GetString(0));
        }

        return Newest(databases.Select(database => Read(server, $"{database}.placement")));
    }

    public static Placement? Newest(IEnumerable<Placement?> found) => found.MaxBy(one => one?.Version ?? 0);

    /// <summary>
    /// Stores a placement in the database of a connection. Safe for several processes at once: the first one counts.
    /// </summary>
    /// <exception cref="TidelineException">IncompatibleData: another one of that version is there, or a newer one.
    /// </exception>
    public static void Ensure(MySqlConnection connection, Placement placement)
    {
        var rows = placement.Shards.Index().Select(shard => string.Create(
            CultureInfo.InvariantCulture,
            $"({placement.Version}, {shard.Index}, {shard.Item.Group}, {shard.Item.Epoch})"));
        using var insert = new MySqlCommand(
            "INSERT IGNORE INTO placement (version, shard, group_no, epoch) "
            + $"SELECT * FROM (VALUES {string.Join(", ", rows.Select(row => $"ROW{row}"))}) AS n (v, s, g, e) "
            + $"WHERE NOT EXISTS (SELECT 1 FROM placement WHERE version >= {placement.Version})", connection);
        insert.ExecuteNonQuery();
        if (Read(connection, "placement") is { } stored && stored.IsSame(placement)) return;
        throw new TidelineException(
            ErrorCode.IncompatibleData,
            $"{connection.Database} holds another placement of the shards than this process found: another process "
            + $"placed them with another configuration. Give both the same MySQL servers and start again.");
    }

    private static Placement? Read(MySqlConnection connection, string table)
    {
        using var query = new MySqlCommand(
            $"SELECT version, shard, group_no, epoch FROM {table} WHERE version = (SELECT MAX(version) FROM {table}) "
            + "ORDER BY shard", connection);
        using var reader = query.ExecuteReader();
        var (version, places) = (0L, new List<ShardPlace>());
        while (reader.Read())
        {
            version = reader.GetInt64(0);
            if (reader.GetInt32(1) != places.Count)
                throw new TidelineException(ErrorCode.Corrupt, $"{table} of {connection.Database} lacks a shard.");
            places.Add(new ShardPlace(reader.GetInt32(2), reader.GetInt64(3)));
        }

        return places.Count == 0 ? null : new Placement(version, places);
    }
}
