using Tideline.Views;

namespace Tideline.Projections;

/// <summary>An event that could not be folded, or that waits behind one of its key that could not.</summary>
internal sealed record DeadEvent(ProjectedEvent Happened, string Reason);

/// <summary>What a batch of events comes to, before anything is written.</summary>
internal sealed class FoldedBatch
{
    public List<DocumentWrite> Events { get; } = [];

    public List<DocumentWrite> Transactions { get; } = [];

    /// <summary>The documents that the batch touches, as they will stand, with the revision they had.</summary>
    public Dictionary<Guid, Touched> Customers { get; } = [];

    public List<DeadEvent> Dead { get; } = [];

    internal sealed class Touched(CachedDocument before, string? damage = null)
    {
        public CachedDocument Before { get; } = before;

        /// <summary>Why nothing can be folded into the document that stands in the store; null when it can.</summary>
        public string? Damage { get; } = damage;

        public CustomerDocument? After { get; set; } = before.Document;

        public bool IsChanged => !ReferenceEquals(After, Before.Document);
    }
}

/// <summary>
/// What became of writing a batch. <paramref name="Lost"/>: somebody else wrote these documents meanwhile, and the next
/// fold reads them anew. <paramref name="TooLarge"/>: these documents would be larger than the store takes, and nothing
/// was written.
/// </summary>
internal readonly record struct BatchOutcome(IReadOnlyList<Guid> Lost, IReadOnlyList<Guid> TooLarge)
{
    public bool IsDone => Lost.Count == 0 && TooLarge.Count == 0;
}
