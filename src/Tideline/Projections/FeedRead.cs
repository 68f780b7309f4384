using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// What comes next on a shard, as it was read from <paramref name="FromOffset"/> and <paramref name="From"/> on.
/// <paramref name="Fault"/>: the events do not follow each other, and the shard stops.
/// </summary>
internal sealed record FeedRead(
    long FromOffset, Watermark From, IReadOnlyList<ProjectedEvent> Events, long Offset, Watermark Reached,
        bool IsPositioned, string? Fault);
