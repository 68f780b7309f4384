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

    internal sealed class Touched(CachedDocument before)
    {
        public CachedDocument Before { get; } = before;

        public CustomerDocument? After { get; set; } = before.Document;

        public bool IsChanged => !ReferenceEquals(After, Before.Document);
    }
}
