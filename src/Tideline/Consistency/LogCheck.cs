using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Consistency;

/// <summary>
/// I7: the log holds exactly what left the ledger. Every retained record must be there, in the order of the ledger. The
/// content is compared with the ledger in batches spread evenly over the log, or in all of them. One page of each is in
/// memory.
/// </summary>
internal sealed class LogCheck(
    IShardReader reader, ILog log, SourceHistory sources, int shard, bool deep, Action<long, long> advanced)
{
    private readonly List<string> _findings = [];
    private long _compared;

    private bool IsFull => _findings.Count >= AuditLimits.VerifyFindings;

    /// <summary>The findings, the number of records read, and how many of those were compared.</summary>
    public async Task<(IReadOnlyList<string> Findings, long Seen, long Compared)> RunAsync(CancellationToken cancel)
    {
        // Read the log's head first: the ledger can only be ahead of it.
        var head = await HeadAsync(cancel);
        var ledgerHead = (await reader.GetHeadAsync(cancel)).EventSeq;
        if (head == 0) return (_findings, 0, 0);
        var offset = await FirstOffsetAsync(cancel) - 1;
        var stride = deep ? 1 : Math.Max(1, (head - offset) / Limits.EventBatch / VerifyLimits.LogBatches);
        var (batch, seen, nextSeq) = (0L, 0L, 0L);
        while (offset < head && !IsFull)
        {
            advanced(offset, head);
            var read = await log.ReadAsync(
                Topics.AccountEvents, shard, offset, (int)Math.Min(Limits.EventBatch, head - offset), cancel);
            if (read.Count == 0)
            {
                _findings.Add($"The log of shard {shard} ends at offset {offset}, before its head {head}.");
                break;
            }

            LogRecord[] records =
                [.. read.Where(record => !sources.IsLeftBehind(ShardStream.Events, record.Source, record.SourceSeq))];
            if (records.Length == 0)
            {
                offset = read[^1].Offset;
                continue;
            }

            // Retention may have deleted the records that were to be read next.
            if (nextSeq == 0 || (records[0].Offset > offset + 1 && records[0].Offset == await FirstOffsetAsync(cancel)))
                nextSeq = records[0].SourceSeq;
            (nextSeq, var isWhole) = Follow(records, nextSeq, ledgerHead);
            (offset, seen) = (read[^1].Offset, seen + records.Length);
            if (isWhole && (batch++ % stride == 0 || offset >= head)) await CompareAsync(records, cancel);
        }

        return (_findings, seen, _compared);
    }

    // Even a log that cannot be read at all gives a finding about its topics.
    private async Task<long> HeadAsync(CancellationToken cancel)
    {
        try
        {
            return await log.GetHeadAsync(Topics.AccountEvents, shard, cancel);
        }
        catch (TidelineException fault) when (fault.Code is ErrorCode.Corrupt or ErrorCode.StorageUnavailable)
        {
            _findings.Add($"The log of shard {shard} cannot be read: {fault.Message}");
            return 0;
        }
        finally
        {
            _findings.AddRange(log.Faults.Where(fault => (fault.Partition ?? 0) == shard)
                .Select(fault => fault.Sentence));
        }
    }

    private async Task<long> FirstOffsetAsync(CancellationToken cancel)
    {
        var described = await log.DescribeAsync(cancel);
        return described.FirstOrDefault(
            each => each.Topic == Topics.AccountEvents && each.Partition == shard)?.FirstOffset ?? 1;
    }

    // One finding per batch is enough for a loss; the next batch is checked afresh.
    private (long NextSeq, bool IsWhole) Follow(LogRecord[] records, long nextSeq, long ledgerHead)
    {
        foreach (var record in records)
        {
            if (record.SourceSeq != nextSeq)
            {
                _findings.Add($"Log offset {record.Offset} of shard {shard} holds event {record.SourceSeq} where event "
                    + $"{nextSeq} should stand.");
                return (records[^1].SourceSeq + 1, false);
            }

            if (record.SourceSeq > ledgerHead)
            {
                _findings.Add($"Event {shard}:{record.SourceSeq} is on the log, but not in the ledger, whose newest is "
                    + $"{shard}:{ledgerHead}.");
                return (records[^1].SourceSeq + 1, false);
            }

            nextSeq++;
        }

        return (nextSeq, true);
    }

    private async Task CompareAsync(LogRecord[] records, CancellationToken cancel)
    {
        _compared += records.Length;
        var events = (await reader.GetEventsAsync(records[0].SourceSeq - 1, records.Length, cancel))
            .ToDictionary(happened => happened.Position.Seq);
        foreach (var record in records)
        {
            if (IsFull) return;
            if (!events.TryGetValue(record.SourceSeq, out var happened))
                _findings.Add($"Event {shard}:{record.SourceSeq} is on the log, but not in the ledger.");
            else if (!LogWitness.IsSame(record, happened))
                _findings.Add($"Event {shard}:{record.SourceSeq} is not the same on the log as in the ledger.");
        }
    }
}
