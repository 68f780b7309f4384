using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Projections;

/// <summary>
/// What a document shares with the rows of the strong tier: of each aggregate in it the version and the sum of its
/// figures, as a digest. The three ways to it have no code in common but the figures themselves.
/// </summary>
/// <param name="OfDocument">From a document.</param>
/// <param name="OfLedger">From the rows of a key; null if there are none.</param>
/// <param name="OfEvent">By how much an event changes its aggregate.</param>
internal sealed record SharedAggregates<TDocument>(
    Func<TDocument, IReadOnlyDictionary<Guid, Digest>> OfDocument,
    Func<GeneralLedger, string, CancellationToken, Task<IReadOnlyDictionary<Guid, Digest>?>> OfLedger,
    Func<LedgerEvent, EventData, Digest> OfEvent)
    where TDocument : class
{
    /// <summary>For documents of any type.</summary>
    public SharedAggregates<object> Untyped => new(document => OfDocument((TDocument)document), OfLedger, OfEvent);
}
