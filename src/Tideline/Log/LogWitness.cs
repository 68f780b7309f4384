using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Log;

/// <summary>
/// The log as a witness of how far the ledger was: the newest records of the ledger's own history that stand on it.
/// </summary>
public sealed class LogWitness(ILog log, SourceHistory sources)
{
    /// <summary>For <see cref="HistoryCheck"/>.</summary>
    public Witness Witness => new("the log", ReadAsync);

    /// <summary>Whether a record holds an event of the ledger as it is there.</summary>
    internal static bool IsSame(LogRecord record, LedgerEvent happened) =>
        (EventTypes.Find(happened.Type) is not { } kind || kind.Name == record.Type)
            && record.Subject == happened.Subject && record.Version == happened.Version
        && record.TimeUs == happened.TimeUs && record.Data.Span.SequenceEqual(happened.Data.Span);

    private async ValueTask<ManifestHead?> ReadAsync(int shard, CancellationToken cancel)
    {
        var messageSeq = (await sources.HeadAsync(
            log, Topics.SagaCommands, ShardStream.Messages, shard, cancel)).Seq;
        var offset = await log.GetHeadAsync(Topics.AccountEvents, shard, cancel);
        var last = await FindLastAsync(shard, offset, cancel);
        if (last is null) return new ManifestHead(shard, 0, "", messageSeq, 0);
        // Of a service that this build lacks: its number is not known, so neither is its hash.
        if (EventTypes.Find(last.Type)?.Type is not { } type)
            return new ManifestHead(shard, last.SourceSeq, "", messageSeq, last.TimeUs);
        var seen = new LedgerEvent(
            new Position(shard, last.SourceSeq), type, last.Subject, last.Version, last.TimeUs, last.Data);
        var hash = Convert.ToHexStringLower(EventHash.Of(seen));
        return new ManifestHead(shard, last.SourceSeq, hash, messageSeq, last.TimeUs);
    }

    // The newest record nearly always is the one; others stand behind it where an epoch left them, or where a stranger
    // wrote. One of an epoch that the ledger does not know tells that the ledger is older than it was.
    private async ValueTask<LogRecord?> FindLastAsync(int shard, long through, CancellationToken cancel)
    {
        while (through > 0)
        {
            var after = Math.Max(0, through - Limits.EventBatch);
            var records = await log.ReadAsync(Topics.AccountEvents, shard, after, (int)(through - after), cancel);
            var last = records.LastOrDefault(record =>
                record.Offset <= through && (sources.IsLater(record.Source)
                    || sources.Holds(ShardStream.Events, record.Source, record.SourceSeq)));
            if (last is not null) return last;
            // Retention dropped what came before.
            if (records.Count == 0 || records[0].Offset > after + 1) return null;
            through = after;
        }

        return null;
    }
}
