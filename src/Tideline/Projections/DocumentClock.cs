using Tideline.Kernel;

namespace Tideline.Projections;

/// <summary>
/// The vector clock of a document: how far each aggregate, or each shard, is in it. Its components are the
/// projection's choice.
/// </summary>
/// <param name="Covers">Whether the event is in the document already.</param>
/// <param name="Skip">The document (null: none yet) of a key with its clock moved past an event, and nothing else
/// changed.</param>
/// <param name="AreEqual">Whether two documents hold the same events.</param>
public sealed record DocumentClock<TDocument>(
    Func<TDocument, LedgerEvent, bool> Covers, Func<TDocument?, string, LedgerEvent, TDocument> Skip,
    Func<TDocument, TDocument, bool> AreEqual)
    where TDocument : class;
