using MySqlConnector;
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
            $"INSERT IGNORE INTO epochs ({Columns}) VALUES (@0, UNHEX(@1), @2, @3, @4, @5, @6)", connection);
        // As digits: the session knows no escapes within plain bytes.
        var installation = Convert.ToHexString(row.Installation.ToByteArray(bigEndian: true));
        object[] values =
            [row.Number, installation, row.EventSeq, row.MessageSeq, row.BlockNumber, row.BegunUs, row.Reason];
        for (var place = 0; place < values.Length; place++) insert.Parameters.AddWithValue($"@{place}", values[place]);
        insert.ExecuteNonQuery();
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
