namespace Tideline.Views;

/// <summary>
/// The view tier: JSON documents in collections, guarded writes, watermarks and a change log. One contract, several
/// engines (embedded SQLite, MongoDB). It needs no transaction over several documents: each write stands alone.
/// </summary>
public interface IViewStore : IViewReader, IAsyncDisposable
{
    /// <summary>
    /// Reads from whichever replica is nearest: cheaper where there are several, and perhaps older than what this
    /// process has written. For eventual reads alone; every other read goes to the store itself and sees all that this
    /// process wrote and every watermark that it read. The store itself where there are no replicas.
    /// </summary>
    IViewReader Nearest { get; }

    /// <summary>
    /// Makes a collection with its indexes, or what somebody took away of it. Index fields are top-level fields of the
    /// document.
    /// </summary>
    /// <returns>Whether the collection was not there.</returns>
    ValueTask<bool> EnsureCollectionAsync(CollectionDefinition definition, CancellationToken cancel);

    /// <summary>The names of all collections.</summary>
    ValueTask<IReadOnlyList<string>> ListCollectionsAsync(CancellationToken cancel);

    /// <summary>Drops a collection.</summary>
    ValueTask DropCollectionAsync(string collection, CancellationToken cancel);

    /// <summary>
    /// Gives a collection a name that other programs read it by, whatever versions there are: of several calls for one
    /// name the newest counts. The name is read-only and none of this store's collections.
    /// </summary>
    /// <returns>Null when it is so; otherwise why the store cannot do it, as a sentence for operators.</returns>
    ValueTask<string?> PublishAsync(string name, string collection, CancellationToken cancel);

    /// <summary>
    /// Writes each document only if its revision in the store is still <see cref="DocumentWrite.ExpectedRevision"/> (0:
    /// it must not exist); two writes of one document count in their order. Durable when it returns. Answers, for each
    /// write in order, whether it was applied.
    /// </summary>
    ValueTask<IReadOnlyList<bool>> WriteAsync(
        string collection, IReadOnlyList<DocumentWrite> writes, CancellationToken cancel);

    /// <summary>
    /// Writes of several collections, then watermarks, as one call: what a projection batch is. A group that
    /// <see cref="CollectionWrites.MustApply"/> is begun when all before it are written, the watermarks when all are; a
    /// crash may leave a part. When a write of a group that <see cref="CollectionWrites.MustApply"/> was not applied,
    /// no watermark moves. No watermark goes back by it. A failing machine may lose the newest of those calls that move
    /// a watermark, with their watermarks: the ledger gives them again. Answers per group and write whether it was
    /// applied.
    /// </summary>
    /// <exception cref="Kernel.TidelineException">NotOwner: a later epoch moved a watermark. NotFound: the store lost a
    /// collection, or where a watermark stood. Documents may have been written.</exception>
    ValueTask<IReadOnlyList<IReadOnlyList<bool>>> WriteBatchAsync(
        IReadOnlyList<CollectionWrites> groups, IReadOnlyList<WatermarkMove> watermarks, CancellationToken cancel);

    /// <summary>Removes documents whatever they are: for those that no guarded write can replace.</summary>
    ValueTask RemoveAsync(string collection, IReadOnlyList<string> ids, CancellationToken cancel);

    /// <summary>
    /// Some ids, as text, of documents that no read finds, because their ids are not text: somebody else wrote them.
    /// </summary>
    ValueTask<IReadOnlyList<string>> FindForeignAsync(string collection, int limit, CancellationToken cancel);

    /// <summary>
    /// Some ids, as text, of documents whose index says something else than their fields, so that queries do not find
    /// them: another program edited the index. Reads the whole collection. Empty where the engine indexes the fields
    /// themselves.
    /// </summary>
    ValueTask<IReadOnlyList<string>> FindMisindexedAsync(string collection, int limit, CancellationToken cancel) =>
        ValueTask.FromResult<IReadOnlyList<string>>([]);

    /// <summary>
    /// The watermark of a projection on a shard: the last position wholly applied; 0 before the first, and where the
    /// stored one is unreadable.
    /// </summary>
    ValueTask<Watermark> GetWatermarkAsync(string projection, int shard, CancellationToken cancel);

    /// <summary>Sets a watermark, back too, durably.</summary>
    /// <param name="epoch">The writer's epoch of ownership: what a later epoch wrote stays.</param>
    /// <exception cref="Kernel.TidelineException">NotOwner: a later epoch wrote it.</exception>
    ValueTask SetWatermarkAsync(
        string projection, int shard, Watermark watermark, long epoch, CancellationToken cancel);

    /// <summary>
    /// Small named JSON states of the program on the view tier (active versions, blocked keys); null when absent.
    /// </summary>
    /// <exception cref="Kernel.TidelineException">Corrupt: somebody else wrote it.</exception>
    ValueTask<byte[]?> GetStateAsync(string name, CancellationToken cancel);

    /// <summary>Stores a state, durably, over an unreadable one too; null removes it.</summary>
    /// <param name="epoch">The writer's epoch of ownership: what a later epoch wrote stays.</param>
    /// <exception cref="Kernel.TidelineException">NotOwner: a later epoch wrote it.</exception>
    ValueTask SetStateAsync(string name, byte[]? json, long epoch, CancellationToken cancel);

    /// <summary>
    /// Changes after a resume token, in commit order (null: none, with the token of now).
    /// </summary>
    /// <exception cref="Kernel.TidelineException">NotFound: the token has left the change log: resync, never "from
    /// now". InvalidInput: it is none of this change log.</exception>
    ValueTask<ChangeBatch> ReadChangesAsync(string? resumeToken, int limit, CancellationToken cancel);

    /// <summary>
    /// The same for who needs only to know what changed: an engine that spares something by it leaves the documents
    /// out, and the revisions of those that were deleted.
    /// </summary>
    ValueTask<ChangeBatch> ReadChangedIdsAsync(string? resumeToken, int limit, CancellationToken cancel) =>
        ReadChangesAsync(resumeToken, limit, cancel);
}

/// <summary>
/// A collection: its name, its indexes (each a list of top-level fields; the document id breaks ties), and whether its
/// changes are logged.
/// </summary>
public sealed record CollectionDefinition(string Name, IReadOnlyList<IReadOnlyList<string>> Indexes, bool LogChanges)
{
    /// <summary>Types of fields, for engines that have them.</summary>
    public IReadOnlyList<FieldType> Fields { get; init; } = [];
}

/// <summary>
/// A stored document. <paramref name="Revision"/> grows with every write. <paramref name="Damage"/> says why it cannot
/// be one that the program wrote; then neither revision nor JSON means anything. A read never fails for it, so that it
/// harms no other document.
/// </summary>
public sealed record Document(string Id, long Revision, ReadOnlyMemory<byte> Json, string? Damage = null);

/// <summary>
/// A guarded write. <paramref name="Json"/> null deletes. <paramref name="IndexValues"/>: values (string, long or null)
/// of the indexed fields, as they stand in the document.
/// </summary>
public sealed record DocumentWrite(string Id,
    long ExpectedRevision, long Revision, ReadOnlyMemory<byte>? Json, IReadOnlyDictionary<string, object?> IndexValues);

/// <summary>
/// Guarded writes of one collection within a batch. <paramref name="MustApply"/>: a refused write keeps the batch's
/// watermarks where they are.
/// </summary>
public sealed record CollectionWrites(string Collection, IReadOnlyList<DocumentWrite> Writes, bool MustApply);

/// <summary>
/// A watermark to move. <paramref name="Epoch"/>: the writer's epoch of ownership; where a later one wrote, the call is
/// refused. <paramref name="From"/>: where the writer knows that it stands; where it stands before that, the store lost
/// what it had acknowledged, and the call is refused.
/// </summary>
public sealed record WatermarkMove(
    string Projection, int Shard, Watermark Watermark, long Epoch = 0, long From = 0)
{
    /// <summary>Requires that the store has not lost where the watermark stood.</summary>
    /// <param name="storedSeq">Where it stands now.</param>
    /// <exception cref="Kernel.TidelineException">NotFound: it stands before <see cref="From"/>.</exception>
    public void RequireKept(long storedSeq)
    {
        if (storedSeq < From) throw new Kernel.TidelineException(
            Kernel.ErrorCode.NotFound, $"The view store lost what it had acknowledged: the watermark of {Projection} "
                + $"on shard {Shard} stood at {From}, and stands at {storedSeq}.");
    }
}

/// <summary>
/// One page: equality on <paramref name="Equal"/>, then a range and order on <paramref name="OrderBy"/> (both bounds
/// inclusive; null: open), then an optional case-insensitive substring filter over <paramref name="ContainsFields"/>.
/// <paramref name="After"/> is the (order value, id) of the last document of the page before.
/// </summary>
public sealed record DocumentQuery(
    string Collection,
    IReadOnlyDictionary<string, object> Equal, string? OrderBy, object? From, object? To, bool Descending,
    IReadOnlyList<string> ContainsFields, string? Contains, (object Value, string Id)? After, int Limit);

/// <summary>The last position applied and the commit time of its event, microseconds since 1970.</summary>
public readonly record struct Watermark(long Seq, long TimeUs);

/// <summary>Changes and the token to go on with.</summary>
public sealed record ChangeBatch(IReadOnlyList<DocumentChange> Changes, string ResumeToken);

/// <summary>
/// A change: <paramref name="Operation"/> is <c>insert</c>, <c>replace</c> or <c>delete</c>;
/// <paramref name="Revision"/> what it made of the document's, for a delete above all that the document had, 0 where
/// the engine kept none; <paramref name="Current"/> the document as it is now (null when it is gone).
/// </summary>
public sealed record DocumentChange(string Collection, string Id, string Operation, long Revision, Document? Current);
