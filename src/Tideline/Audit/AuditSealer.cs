using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Audit;

/// <summary>
/// Seals the events of every shard of this process into hash-linked blocks: when <see cref="AuditLimits.BlockEvents"/>
/// wait, or when any wait at the next pass. It reads committed events and hashes them outside the writers, so that the
/// writers pay for only one small row per block.
/// </summary>
public sealed class AuditSealer : IAsyncDisposable
{
    private readonly GeneralLedger _ledger;
    private readonly OwnedShardLoops _loops;

    /// <summary>Start it with <see cref="Start"/>.</summary>
    public AuditSealer(GeneralLedger ledger, TimeProvider time, ILogger logger)
    {
        _ledger = ledger;
        _loops = new OwnedShardLoops(
            ledger, "audit sealer", SealAsync,
            TimeSpan.FromMilliseconds(AuditLimits.BlockMs), time, logger, Limits.LongPassMs);
    }

    /// <summary>Why events are not sealed; null while they are.</summary>
    public string? Fault => _loops.Fault;

    /// <summary>Starts sealing.</summary>
    public void Start() => _loops.Start();

    /// <summary>Seals all events of a shard committed so far.</summary>
    /// <returns>The newest block's number.</returns>
    public async Task<long> SealAsync(int shard, CancellationToken cancel)
    {
        var reader = _ledger.Reader(shard);
        var head = await reader.GetHeadAsync(cancel);
        var until = head.EventSeq;
        while (head.BlockThroughSeq < until)
        {
            var throughSeq = Math.Min(until, head.BlockThroughSeq + AuditLimits.BlockEvents);
            var block = await BuildAsync(
                shard, head.BlockNumber + 1, head.BlockHash, head.BlockThroughSeq, throughSeq, cancel);
            await _ledger.SubmitHereAsync(shard, new SealBlock(block));
            // The store decides: another process may have sealed that number.
            var before = head.BlockNumber;
            head = await reader.GetHeadAsync(cancel);
            if (head.BlockNumber == before) throw new TidelineException(ErrorCode.Internal,
                $"Block {block.Number} of shard {shard} does not follow the block that its writer knows.");
        }

        return head.BlockNumber;
    }

    /// <summary>Ends the loop; unsealed events are sealed after the next start.</summary>
    public ValueTask DisposeAsync() => _loops.DisposeAsync();

    private async Task<AuditBlockRow> BuildAsync(
        int shard, long number, byte[] previousHash, long afterSeq, long throughSeq, CancellationToken cancel)
    {
        using var hash = new BlockHash();
        var (seq, timeUs) = (afterSeq, 0L);
        while (seq < throughSeq)
        {
            var events = await _ledger.Reader(shard)
                .GetEventsAsync(seq, (int)Math.Min(Limits.EventBatch, throughSeq - seq), cancel);
            foreach (var happened in events)
            {
                if (happened.Position.Seq != ++seq) throw new TidelineException(
                    ErrorCode.Corrupt, $"Event {shard}:{seq} is missing; the audit chain stops before it.");
                hash.Add(happened);
                timeUs = happened.TimeUs;
            }

            if (events.Count == 0) throw new TidelineException(
                ErrorCode.Corrupt, $"Event {shard}:{seq + 1} is missing; the audit chain stops before it.");
        }

        return new AuditBlockRow(number,
            afterSeq + 1, throughSeq, previousHash, hash.Seal(previousHash, number, afterSeq + 1, throughSeq), timeUs);
    }
}
