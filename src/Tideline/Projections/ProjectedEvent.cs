using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Projections;

/// <summary>An event as projections take it: read once, parsed once, for all of them.</summary>
public sealed class ProjectedEvent
{
    /// <param name="happened">The event.</param>
    /// <param name="sources">Name its source.</param>
    /// <param name="owner">Whose it is, where the log said so.</param>
    internal ProjectedEvent(LedgerEvent happened, SourceHistory sources, Guid? owner = null)
    {
        (Event, IsKnown) = (happened, EventTypes.Find(happened.Type) is not null);
        Source = sources.PublishedOf(ShardStream.Events, happened.Position.Shard, happened.Position.Seq);
        try
        {
            Data = EventData.Parse(happened.Data.Span);
        }
        // Parsing is pure: whatever it throws is about this one event.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Fault = fault.Message;
        }

        Owner = owner ?? Data?.CustomerId ?? happened.Subject;
    }

    /// <summary>As it happened.</summary>
    public LedgerEvent Event { get; }

    /// <summary>
    /// Its source as it is named outside the program: with its sequence it names the event for ever, wherever it shows.
    /// </summary>
    public string Source { get; }

    /// <summary>
    /// The customer: the key of the log's record, or what the data says. An event whose data cannot be read is kept
    /// under its subject.
    /// </summary>
    public Guid Owner { get; }

    /// <summary>What it says; null where it cannot be read.</summary>
    public EventData? Data { get; }

    /// <summary>Why the data cannot be read; null where it can.</summary>
    public string? Fault { get; }

    /// <summary>Whether this program knows the type.</summary>
    public bool IsKnown { get; }

    /// <summary>From the log. A type that this version does not know becomes 0, which every fold refuses.</summary>
    internal static ProjectedEvent From(LogRecord record, SourceHistory sources) => new(
        new LedgerEvent(
            new Position(record.Partition, record.SourceSeq), EventTypes.Find(record.Type)?.Type ?? 0,
            record.Subject, record.Version, record.TimeUs, record.Data),
        sources, record.Key);

    /// <summary>From the ledger.</summary>
    internal static ProjectedEvent From(LedgerEvent happened, SourceHistory sources) => new(happened, sources);
}
