using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>The installation epochs of a shard's database.</summary>
internal static class MySqlEpochs
{
    private const string Columns = "number, installation, event_seq, message_seq, block_number, begun_us, reason";

    /// <summary>
    /// Adds an epoch that is not there yet. Safe for several processes at once: the first one counts.
    /// </summary>
    public static void Ensure(MySqlConnection connection, EpochRow row)
    {
        using var insert = new MySqlCommand(
            $"INSERT INTO epochs ({Columns}) VALUES (@0, UNHEX(@1), @2, @3, @4, @5, @6) "
                + "ON DUPLICATE KEY UPDATE number = number", connection);
        // As digits: the session knows no escapes within plain bytes.
        var installation = Convert.ToHexString(row.Installation.ToByteArray(bigEndian: true));
        object[] values =
            [row.Number, installation, row.EventSeq, row.MessageSeq, row.BlockNumber, row.BegunUs, row.Reason];
        for (var place = 0; place < values.Length; place++) insert.Parameters.AddWithValue($"@{place}", values[place]);
        insert.ExecuteNonQuery();
    }

    /// <summary>Refuses a shard on which an epoch began after this process had read them.</summary>
    /// <exception cref="TidelineException">NotOwner.</exception>
    public static void RequireNewest(MySqlConnection connection, int shard, long known)
    {
        using var query = MySqlLease.Command(connection, "SELECT MAX(number) FROM epochs");
        var newest = Convert.ToInt64(query.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (newest == known) return;
        throw new TidelineException(
            ErrorCode.NotOwner, $"Shard {shard} is in installation epoch {newest}, which began since this process "
                + $"started in epoch {known}. Restart it.");
    }

    public static IReadOnlyList<EpochRow> Read(MySqlConnection connection)
    {
        using var query = new MySqlCommand($"SELECT {Columns} FROM epochs ORDER BY number", connection);
        using var reader = query.ExecuteReader();
        var rows = new List<EpochRow>();
        while (reader.Read())
        {
            rows.Add(new EpochRow(
                reader.GetInt64(0),
                reader.GetGuid(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5),
                reader.GetString(6)));
        }

        return rows;
    }
}
