using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Consistency;

/// <summary>
/// I7: what left the ledger is what the log holds. Both are read side by side, from the log's first record to its head as they were at the beginning; a page of each
/// is in memory.
/// </summary>
internal sealed class LogCheck(IShardReader reader, ILog log, int shard)
{
    private readonly List<string> _findings = [];

    /// <summary>Findings, and how many records were compared.</summary>
    public async Task<(IReadOnlyList<string> Findings, long Compared)> RunAsync(CancellationToken cancel)
    {
        // The log's head first: the ledger can only be ahead of it.
        var head = await log.GetHeadAsync(Topics.AccountEvents, shard, cancel);
        var (offset, compared, nextSeq) = (0L, 0L, 0L);
        while (offset < head && _findings.Count < Limits.VerifyFindings)
        {
            var records = await log.ReadAsync(Topics.AccountEvents, shard, offset, Limits.EventBatch, cancel);
            if (records.Count == 0)
            {
                _findings.Add($"The log of shard {shard} ends at offset {offset}, before its head {head}.");
                break;
            }

            if (nextSeq == 0) nextSeq = records[0].SourceSeq;
            var events = await reader.GetEventsAsync(nextSeq - 1, records.Count, cancel);
            for (var index = 0; index < records.Count && _findings.Count < Limits.VerifyFindings; index++)
                Compare(records[index], nextSeq + index, index < events.Count ? events[index] : null);
            (offset, compared, nextSeq) = (records[^1].Offset, compared + records.Count, nextSeq + records.Count);
        }

        return (_findings, compared);
    }

    private void Compare(LogRecord record, long seq, LedgerEvent? happened)
    {
        if (record.SourceSeq != seq)
            _findings.Add($"Log offset {record.Offset} of shard {shard} holds event {record.SourceSeq} where event {seq} should stand.");
        else if (happened is null || happened.Position.Seq != seq)
            _findings.Add($"Event {shard}:{seq} is on the log, but not in the ledger.");
        else if (record.Type != happened.Type.Name() || record.Subject != happened.Subject || record.Version != happened.Version || record.TimeUs != happened.TimeUs
            || !record.Data.Span.SequenceEqual(happened.Data.Span))
            _findings.Add($"Event {shard}:{seq} is not the same on the log as in the ledger.");
    }
}
