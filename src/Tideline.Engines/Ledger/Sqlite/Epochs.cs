using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>The installation epochs of a shard's file.</summary>
internal static class Epochs
{
    private const string Columns = "number, installation, event_seq, message_seq, block_number, begun_us, reason";

    public static IReadOnlyList<EpochRow> Read(SqliteDatabase database)
    {
        var rows = new List<EpochRow>();
        var query = database.Prepare($"SELECT {Columns} FROM epochs ORDER BY number");
        while (query.Step())
        {
            rows.Add(new EpochRow(
                query.Long(0), query.Id(1), query.Long(2), query.Long(3), query.Long(4), query.Long(5), query.Text(6)));
        }

        query.Reset();
        return rows.Count > 0 ? rows : throw new TidelineException(
            ErrorCode.Corrupt, "The file's table epochs is empty. Restore the data folder from a backup.");
    }

    /// <summary>Adds an epoch, inside a transaction of the caller.</summary>
    public static void Add(SqliteDatabase database, EpochRow row) =>
        database.Prepare($"INSERT INTO epochs ({Columns}) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .Bind(row.Number)
                .Bind(row.Installation).Bind(row.EventSeq).Bind(row.MessageSeq).Bind(row.BlockNumber).Bind(row.BegunUs)
            .Bind(row.Reason).Run();
}
