using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// The row that every group commit checks first and moves last: owner's epoch, message count, commit time, number of
/// the commit.
/// </summary>
internal sealed class HeadRow(SqliteDatabase database)
{
    private readonly SqliteStatement _epoch = database.Prepare("SELECT epoch FROM shard_head");
    private readonly SqliteStatement _move = database.Prepare(
        "UPDATE shard_head SET message_seq = ?, time_us = max(time_us, ?), commits = ?");

    /// <exception cref="TidelineException">NotOwner: another owner took over since.</exception>
    public void RequireEpoch(int shard, long mine)
    {
        var now = _epoch.Step() ? _epoch.Long(0) : 0;
        _epoch.Reset();
        if (now != mine) throw new TidelineException(
            ErrorCode.NotOwner, $"Shard {shard} has epoch {now}; this writer had {mine}. Another owner took over.");
    }

    /// <summary>Messages are forgotten, so their count is kept here; events and blocks count themselves.</summary>
    public void Move(long messageSeq, long timeUs, long commit) =>
        _move.Bind(messageSeq).Bind(timeUs).Bind(commit).Run();
}
