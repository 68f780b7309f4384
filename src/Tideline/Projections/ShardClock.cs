using Tideline.Kernel;

namespace Tideline.Projections;

/// <summary>
/// A clock of positions: shard → the last event of it that is in the document. For documents that many aggregates
/// feed: it has as many components as there are shards, and not one for each aggregate.
/// </summary>
internal static class ShardClock
{
    /// <summary>The clock that holds a position too.</summary>
    public static SortedList<int, long> Move(SortedList<int, long> clock, Position position) =>
        new(clock) { [position.Shard] = Math.Max(position.Seq, clock.GetValueOrDefault(position.Shard)) };

    /// <summary>The clock of documents of a type.</summary>
    /// <param name="read">The clock of a document.</param>
    /// <param name="write">The document (null: a new one of this key) with another clock.</param>
    public static DocumentClock<TDocument> Of<TDocument>(
        Func<TDocument, SortedList<int, long>> read, Func<TDocument?, string, SortedList<int, long>, TDocument> write)
        where TDocument : class => new(
            (document, happened) =>
                happened.Position.Seq <= read(document).GetValueOrDefault(happened.Position.Shard),
            (document, key, happened) => write(
                document, key, Move(document is null ? [] : read(document), happened.Position)),
            (left, right) => read(left).SequenceEqual(read(right)));
}
