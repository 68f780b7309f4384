using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Audit;

/// <summary>
/// I9, outside the ledger: the chain in the ledger is the one whose heads were published. One page of each is in
/// memory.
/// </summary>
internal sealed class AuditHeadCheck(IShardReader reader, ILog log, SourceHistory sources, int shard)
{
    private readonly List<string> _findings = [];

    /// <summary>The findings, and the number of published heads.</summary>
    public async Task<(IReadOnlyList<string> Findings, long Published)> RunAsync(CancellationToken cancel)
    {
        // Read the topic's head first: the ledger can only be ahead of it.
        var head = await log.GetHeadAsync(Topics.AuditHeads, shard, cancel);
        var (offset, number) = (0L, 0L);
        while (offset < head && _findings.Count < AuditLimits.VerifyFindings)
        {
            var read = await log.ReadAsync(Topics.AuditHeads, shard, offset, Limits.PageRows, cancel);
            if (read.Count == 0)
            {
                _findings.Add(
                    $"The published heads of shard {shard} end at offset {offset}, before their newest at {head}.");
                break;
            }

            offset = read[^1].Offset;
            LogRecord[] records =
                [.. read.Where(record => !sources.IsLeftBehind(ShardStream.Blocks, record.Source, record.SourceSeq))];
            if (records.Length == 0) continue;
            var blocks = (await reader.GetBlocksAsync(records[0].SourceSeq - 1, records.Length, cancel))
                .ToDictionary(block => block.Number);
            foreach (var record in records)
            {
                if (record.SourceSeq != number + 1)
                    _findings.Add($"The published head of block {number + 1} of shard {shard} is missing on the log.");
                number = record.SourceSeq;
                if (Compare(record, blocks.GetValueOrDefault(number)) is { } finding) _findings.Add(finding);
                if (_findings.Count >= AuditLimits.VerifyFindings) break;
            }
        }

        return (_findings, number);
    }

    private string? Compare(LogRecord record, AuditBlockRow? block)
    {
        if (block is null) return $"Block {record.SourceSeq} of shard {shard} was published, but is not in the ledger.";
        if (AuditHeads.Parse(record) is not { } head || head.Number != record.SourceSeq || head.Shard != shard)
            return $"The published head of block {record.SourceSeq} of shard {shard} cannot be read.";
        // Earlier programs published upper-case letters.
        return head.ThroughSeq == block.ThroughSeq
            && string.Equals(head.Hash, Convert.ToHexStringLower(block.Hash), StringComparison.OrdinalIgnoreCase)
            ? null
                : $"Block {block.Number} of shard {shard} is not the one that was published: the chain was rewritten.";
    }
}
