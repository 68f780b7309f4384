using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Where a shard's file stands, with the hash of its newest event.</summary>
internal static class ShardHeads
{
    /// <summary>Reads a head inside a transaction of the caller.</summary>
    public static ManifestHead Read(SqliteDatabase database, int shard)
    {
        var head = HeadReader.Read(database, shard);
        var query = database.Prepare($"SELECT {LedgerColumns.Events} FROM events WHERE event_seq = ?")
            .Bind(head.EventSeq);
        var hash = query.Step()
            ? Convert.ToHexStringLower(EventHash.Of(new LedgerEvent(
                new Position(shard, query.Long(0)),
                (EventType)query.Int(1), query.Id(2), query.Long(3), query.Long(4), query.Bytes(5))))
            : "";
        query.Reset();
        return new ManifestHead(shard, head.EventSeq, hash, head.MessageSeq, head.TimeUs);
    }
}
