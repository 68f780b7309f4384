using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Projections;

/// <summary>
/// A projection, as it is registered: which events it takes, whose document an event changes, and what it keeps. All of
/// it is pure; <see cref="Projector"/> reads, writes, and keeps watermark, dead letters and versions.
/// </summary>
public sealed record ProjectionDefinition
{
    /// <summary>Its name in commands, metrics and states: small letters, digits and <c>_</c>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Grows when the same events give other documents than before: then a rebuild is expected to differ.
    /// </summary>
    public required int SchemaVersion { get; init; }

    /// <summary>
    /// The types it takes; others pass it by. Null: every one. Events of a type that this program does not know are
    /// offered to every projection, since nobody can say whom they concern.
    /// </summary>
    public required IReadOnlySet<EventType>? Takes { get; init; }

    /// <summary>
    /// Whose document an event changes, which is the document's id; events of one key are folded in order, and wait
    /// behind the first that cannot be. Null: nothing of the event concerns the projection.
    /// </summary>
    public required Func<ProjectedEvent, string?> Key { get; init; }

    /// <summary>The documents that are folded; null where it only adds rows.</summary>
    public DocumentCollection? Documents { get; init; }

    /// <summary>Documents that an event adds, and nothing ever changes.</summary>
    public IReadOnlyList<RowCollection> Rows { get; init; } = [];

    /// <summary>Where it is announced how far the documents are; null: nowhere.</summary>
    public ViewAnnouncement? Announcement { get; init; }

    /// <summary>The shards that events of a key may stand on; null: any.</summary>
    public Func<GeneralLedger, string, CancellationToken, Task<IReadOnlyList<int>>>? ShardsOf { get; init; }

    /// <summary>Documents and rows, in the order in which they are compared and shown.</summary>
    public IReadOnlyList<ViewCollection> Collections => Documents is null ? Rows : [Documents, .. Rows];

    /// <summary>The projection with parts of other services in its documents.</summary>
    /// <exception cref="TidelineException">
    /// InvalidInput: its documents take no parts, two parts have one name, or two of them or the projection itself take
    /// one event.
    /// </exception>
    internal ProjectionDefinition With(IReadOnlyList<DocumentPart> parts)
    {
        if (parts.Count == 0) return this;
        var taken = parts.SelectMany(part => part.Takes).Concat(Takes ?? new HashSet<EventType>()).ToList();
        if (Takes is null || Documents?.With(parts) is not { } documents
            || parts.DistinctBy(part => part.Name).Count() < parts.Count || taken.Distinct().Count() < taken.Count)
            throw new TidelineException(
                ErrorCode.InvalidInput,
                $"The documents of {Name} cannot have the parts {string.Join(", ", parts.Select(part => part.Name))}: "
                    + "each needs a name and events of its own.");
        return this with
        {
            SchemaVersion = SchemaVersion + parts.Sum(part => part.Version),
            Takes = taken.ToHashSet(),
            Documents = documents,
        };
    }

    internal bool IsTaken(ProjectedEvent happened) =>
        Takes is null || Takes.Contains(happened.Event.Type) || !happened.IsKnown;

    /// <summary>The name of the state in which the projection keeps something.</summary>
    internal string State(string what) => $"{Name}.{what}";
}

/// <summary>
/// An announcement on a topic, of an event type, that the documents hold the events of a shard up to a position.
/// </summary>
public sealed record ViewAnnouncement(string Topic, EventType Type);
