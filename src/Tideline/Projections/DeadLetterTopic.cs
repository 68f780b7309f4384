using System.Text.Json;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Projections;

/// <summary>
/// Letters of one projection as they stand on <c>account.events.dlq</c>, between those of others. Each projection is a
/// source of its own there.
/// </summary>
internal sealed class DeadLetterTopic(string projection, ILog log, SourceHistory sources)
{
    /// <summary>The topic.</summary>
    public static readonly string Name = Topics.DeadLetters(Topics.AccountEvents);

    /// <summary>The record of an event that is dead, as the next letter of its source.</summary>
    public LogRecord RecordOf(DeadEvent dead, ref CountedSource source)
    {
        var happened = dead.Happened.Event;
        // The event's own: a letter holds wherever its event does.
        var epoch = sources.EpochOf(ShardStream.Events, happened.Position.Shard, happened.Position.Seq);
        var letter = new DeadLetterData(
            projection, dead.Key, happened.Position.Seq, dead.Reason, happened.Data.ToArray(), epoch,
            dead.Happened.Source);
        source = source with { Head = source.Head + 1 };
        return new LogRecord(
            Name, happened.Position.Shard, 0, source.Name, source.Head, dead.Happened.Owner,
            TypeName(happened.Type), happened.Subject, happened.Version, happened.TimeUs,
            JsonSerializer.SerializeToUtf8Bytes(letter, ProjectionJson.Default.DeadLetterData));
    }

    /// <summary>The source of a shard's letters in the present epoch.</summary>
    public ValueTask<CountedSource> FindSourceAsync(
        int shard, long nowUs, CountedSource chosen, CancellationToken cancel) =>
        sources.FindCountedAsync(log, Name, $"dead-{projection}", shard, nowUs, chosen, cancel);

    /// <summary>The shards whose letters came from a source that the topic does not know any more.</summary>
    public async Task<IReadOnlyCollection<int>> FindLostAsync(
        IReadOnlyDictionary<int, string> known, CancellationToken cancel)
    {
        var lost = new List<int>();
        foreach (var (shard, source) in known)
            if (!(await log.GetSourcesAsync(Name, source, cancel)).Contains(source)) lost.Add(shard);
        return lost;
    }

    /// <summary>A letter of the book with its event.</summary>
    /// <exception cref="TidelineException">Corrupt: it is not on the topic any more.</exception>
    public async Task<DeadLetter> ReadAsync(DeadLetterIndex.Letter letter, CancellationToken cancel) =>
        await log.ReadAsync(Name, letter.Position.Shard, letter.Offset - 1, 1, cancel) is [var record]
            && record.Offset == letter.Offset
            && TryParse(record) is { } found
            ? found
            : throw new TidelineException(
                ErrorCode.Corrupt, $"The dead letter of {letter.Position} is no longer on its topic.");

    /// <summary>
    /// The letter of a record; null when it is another projection's, somebody else wrote it, or a restore took the
    /// event back.
    /// </summary>
    public DeadLetter? TryParse(LogRecord record)
    {
        try
        {
            if (JsonSerializer.Deserialize(record.Data.Span, ProjectionJson.Default.DeadLetterData)
                is not { Event: not null, Reason: not null, Key: not null } data
                    || data.Projection != projection) return null;
            var happened = ProjectedEvent.From(record with { SourceSeq = data.Seq, Data = data.Event }, sources);
            return Holds(happened.Event.Position, data.Epoch)
                ? new DeadLetter(
                    data.Key, record.Offset, happened.Event, record.Key, data.Reason, happened.Source)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether what was said of a position in an installation epoch was not taken back since.</summary>
    public bool Holds(Position position, long saidIn) =>
        position.Seq <= sources.LimitOf(ShardStream.Events, position.Shard, saidIn);

    private static string TypeName(EventType type) => EventTypes.Find(type)?.Name ?? "UNKNOWN";
}
