using Tideline.Views;

namespace Tideline.Projections;

/// <summary>An event that could not be folded, or that waits behind one of its key that could not.</summary>
internal sealed record DeadEvent(ProjectedEvent Happened, string Key, string Reason);

/// <summary>What a batch of events comes to, before anything is written.</summary>
internal sealed class FoldedBatch(ProjectionDefinition definition)
{
    /// <summary>The rows that the events add, per collection of rows.</summary>
    public List<DocumentWrite>[] Rows { get; } = [.. definition.Rows.Select(_ => new List<DocumentWrite>())];

    /// <summary>The documents that the batch touches, as they will stand, with the revision they had.</summary>
    public Dictionary<string, Touched> Documents { get; } = new(StringComparer.Ordinal);

    public List<DeadEvent> Dead { get; } = [];

    internal sealed class Touched(CachedDocument before, string? damage = null)
    {
        public CachedDocument Before { get; } = before;

        /// <summary>Why nothing can be folded into the document that stands in the store; null when it can.</summary>
        public string? Damage { get; } = damage;

        public object? After { get; set; } = before.Document;

        public bool IsChanged => !ReferenceEquals(After, Before.Document);
    }
}

/// <summary>
/// What became of writing a batch. <paramref name="Lost"/>: somebody else wrote these documents meanwhile, and the next
/// fold reads them anew. <paramref name="TooLarge"/>: these documents would be larger than the store takes, and nothing
/// was written.
/// </summary>
internal readonly record struct BatchOutcome(IReadOnlyList<string> Lost, IReadOnlyList<string> TooLarge)
{
    public bool IsDone => Lost.Count == 0 && TooLarge.Count == 0;
}
