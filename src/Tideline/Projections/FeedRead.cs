using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// What comes next on a shard after <paramref name="From"/>. <paramref name="Fault"/>: the events do not follow each
/// other, and the shard stops. <paramref name="IsLedgerRead"/>: the log says nothing yet, and the ledger has no more.
/// </summary>
internal sealed record FeedRead(
    Watermark From, IReadOnlyList<ProjectedEvent> Events, Watermark Reached, string? Fault = null,
    bool IsLedgerRead = false);
