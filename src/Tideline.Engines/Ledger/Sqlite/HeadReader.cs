using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Reads where a shard stands, inside a transaction of the caller.</summary>
internal static class HeadReader
{
    /// <summary>The number of the newest group commit that the transaction sees.</summary>
    public static long Commits(SqliteDatabase database)
    {
        var head = database.Prepare("SELECT commits FROM shard_head");
        var commits = head.Step() ? head.Long(0) : 0;
        head.Reset();
        return commits;
    }

    public static ShardHead Read(SqliteDatabase database, int shard)
    {
        var head = database.Prepare("SELECT epoch, message_seq, time_us, (SELECT max(event_seq) FROM events), "
            + "(SELECT max(block_number) FROM audit_log) FROM shard_head");
        head.Step();
        var (epoch, messageSeq, timeUs, eventSeq, blockNumber) =
            (head.Long(0), head.Long(1), head.Long(2), head.Long(3), head.Long(4));
        head.Reset();
        if (blockNumber == 0) return new ShardHead(shard, epoch, eventSeq, messageSeq, 0, new byte[32], 0, timeUs);

        var block = database.Prepare("SELECT block_hash, through_seq FROM audit_log WHERE block_number = ?")
            .Bind(blockNumber);
        block.Step();
        var (hash, throughSeq) = (block.Bytes(0), block.Long(1));
        block.Reset();
        return new ShardHead(shard, epoch, eventSeq, messageSeq, blockNumber, hash, throughSeq, timeUs);
    }
}
