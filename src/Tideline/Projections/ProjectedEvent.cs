using System.Collections.Frozen;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Projections;

/// <summary>An event to fold, with the customer whose document it changes.</summary>
internal readonly record struct ProjectedEvent(LedgerEvent Event, Guid Key)
{
    private static readonly FrozenDictionary<string, EventType> Types = Enum.GetValues<EventType>()
        .ToFrozenDictionary(type => type.Name(), StringComparer.Ordinal);

    /// <summary>From the log. A type that this version does not know becomes 0, which the fold refuses.</summary>
    public static ProjectedEvent From(LogRecord record) => new(
        new LedgerEvent(
            new Position(record.Partition, record.SourceSeq), Types.TryGetValue(record.Type, out var type)
                ? type
                : 0, record.Subject, record.Version, record.TimeUs, record.Data),
        record.Key);

    /// <summary>
    /// From the ledger; the customer stands in the data, and an event whose data cannot be read is kept under its
    /// subject.
    /// </summary>
    public static ProjectedEvent From(LedgerEvent happened)
    {
        try
        {
            return new ProjectedEvent(happened, EventData.Parse(happened.Data.Span).CustomerId);
        }
        // Parsing is pure: whatever it throws is about this one event.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return new ProjectedEvent(happened, happened.Subject);
        }
    }
}
