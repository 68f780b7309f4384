using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Audit;

/// <summary>
/// Walks the audit chain of a shard from its first block: recomputes every hash, and compares each event with its entry
/// and its transaction. Events after the newest block are also compared with their rows. Memory: one page of events,
/// and the rows of their transactions.
/// </summary>
/// <param name="reader">The shard.</param>
/// <param name="advanced">Called for each page with the events that were verified, and those that are to be.</param>
public sealed class AuditVerifier(IShardReader reader, Action<long, long>? advanced = null)
{
    private readonly List<string> _findings = [];
    private readonly RowAudit _rows = new(reader);
    private ShardHead _head = null!;
    private long _seq;

    /// <summary>Verifies through the events that are committed when it begins.</summary>
    public async Task<AuditReport> VerifyAsync(CancellationToken cancel)
    {
        _findings.Clear();
        _seq = 0;
        _head = await reader.GetHeadAsync(cancel);
        var last = new AuditBlockRow(0, 0, 0, [], new byte[32], 0);
        while (!IsFull && last.Number < _head.BlockNumber)
        {
            var blocks = await reader.GetBlocksAsync(last.Number, Limits.PageRows, cancel);
            if (blocks.Count == 0) break;
            foreach (var block in blocks)
            {
                await VerifyBlockAsync(last, block, cancel);
                last = block;
                if (IsFull || last.Number >= _head.BlockNumber) break;
            }
        }

        if (!IsFull) await WalkAsync(_head.EventSeq, null, cancel);
        return new AuditReport(_head.Shard, last.Number, last.ThroughSeq, _seq, last.Hash, [.. _findings]);
    }

    private bool IsFull => _findings.Count >= AuditLimits.VerifyFindings;

    private async Task VerifyBlockAsync(AuditBlockRow before, AuditBlockRow block, CancellationToken cancel)
    {
        var name = $"Block {block.Number} of shard {_head.Shard}";
        if (block.Number != before.Number + 1) _findings.Add($"{name} is in the place of block {before.Number + 1}.");
        if (!block.PreviousHash.AsSpan().SequenceEqual(before.Hash))
            _findings.Add($"{name} does not link to the hash of block {before.Number}.");
        if (block.FromSeq != _seq + 1 || block.ThroughSeq < block.FromSeq || block.ThroughSeq > _head.EventSeq)
        {
            _findings.Add($"{name} covers events {block.FromSeq} to {block.ThroughSeq}, but the next is {_seq + 1} "
                + $"and the newest is {_head.EventSeq}.");
            return;
        }

        using var hash = new BlockHash();
        var lastTimeUs = await WalkAsync(block.ThroughSeq, hash, cancel);
        if (!hash.Seal(block.PreviousHash, block.Number, block.FromSeq, block.ThroughSeq)
            .AsSpan().SequenceEqual(block.Hash))
            _findings.Add($"{name} does not have the hash of its events {block.FromSeq} to {block.ThroughSeq}: the "
                + $"block or one of them was changed.");
        else if (block.TimeUs != lastTimeUs) _findings.Add($"{name} does not have the time of its last event.");
    }

    // Returns the time of the last event.
    private async Task<long> WalkAsync(long throughSeq, BlockHash? hash, CancellationToken cancel)
    {
        var timeUs = 0L;
        while (_seq < throughSeq && !IsFull)
        {
            var events = await reader.GetEventsAsync(_seq, (int)Math.Min(Limits.EventBatch, throughSeq - _seq), cancel);
            if (events.Count == 0)
            {
                _findings.Add($"Events {_seq + 1} to {throughSeq} of shard {_head.Shard} are missing.");
                _seq = throughSeq;
            }

            advanced?.Invoke(_seq, _head.EventSeq);
            await _rows.ReadAheadAsync(events, cancel);
            foreach (var happened in events)
            {
                if (happened.Position.Seq > _seq + 1) _findings.Add(
                    $"Events {_seq + 1} to {happened.Position.Seq - 1} of shard {_head.Shard} are missing.");
                _seq = happened.Position.Seq;
                if (_seq > throughSeq) break;
                hash?.Add(happened);
                timeUs = happened.TimeUs;
                if (await _rows.FindFaultAsync(happened, cancel) is { } fault)
                    _findings.Add($"Event {happened.Position}: {fault}");
                if (IsFull) break;
            }
        }

        return timeUs;
    }
}
