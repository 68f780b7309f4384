using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>One process's handle on a <see cref="ViewDisk"/>. A process that is killed just leaves it.</summary>
internal sealed class SimulatedViewStore(ViewDisk disk) : IViewStore
{
    private volatile bool _isClosed;

    /// <inheritdoc/>
    public IViewReader Nearest => this;

    /// <inheritdoc/>
    public ValueTask<bool> EnsureCollectionAsync(CollectionDefinition definition, CancellationToken cancel) =>
        Ask(() => disk.Ensure(definition), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListCollectionsAsync(CancellationToken cancel) =>
        Ask(() => disk.Collections, cancel);

    /// <inheritdoc/>
    public ValueTask DropCollectionAsync(string collection, CancellationToken cancel) =>
        Tell(() => disk.Drop(collection), cancel);

    /// <inheritdoc/>
    public ValueTask<string?> PublishAsync(string name, string collection, CancellationToken cancel) =>
        Ask(() => disk.Publish(name, collection), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Document>> ReadAsync(
        string collection, IReadOnlyList<string> ids, CancellationToken cancel) =>
        Ask<IReadOnlyList<Document>>(
            () =>
            {
                var (there, found) = (disk.Collection(collection), new List<Document>(ids.Count));
                foreach (var id in ids)
                {
                    if (there.Get(id) is { } row) found.Add(row.Document);
                }

                return found;
            },
            cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Document>> QueryAsync(DocumentQuery query, CancellationToken cancel) =>
        Ask<IReadOnlyList<Document>>(() => disk.Collection(query.Collection).Find(query), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<bool>> WriteAsync(
        string collection, IReadOnlyList<DocumentWrite> writes, CancellationToken cancel) =>
        Ask(() => disk.Write([new CollectionWrites(collection, writes, MustApply: false)], [])[0], cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IReadOnlyList<bool>>> WriteBatchAsync(
        IReadOnlyList<CollectionWrites> groups, IReadOnlyList<WatermarkMove> watermarks, CancellationToken cancel) =>
        Ask(() => disk.Write(groups, watermarks), cancel);

    /// <inheritdoc/>
    public ValueTask RemoveAsync(string collection, IReadOnlyList<string> ids, CancellationToken cancel) =>
        Tell(() => disk.Remove(collection, ids), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> FindForeignAsync(
        string collection, int limit, CancellationToken cancel) =>
        Ask<IReadOnlyList<string>>(() => [.. disk.Collection(collection).Foreign.Take(limit)], cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> FindMisindexedAsync(
        string collection, int limit, CancellationToken cancel) =>
        Ask<IReadOnlyList<string>>(() => [.. disk.Collection(collection).FindMisindexed().Take(limit)], cancel);

    /// <inheritdoc/>
    public ValueTask<Watermark> GetWatermarkAsync(string projection, int shard, CancellationToken cancel) =>
        Ask(() => disk.Watermark(projection, shard), cancel);

    /// <inheritdoc/>
    public ValueTask SetWatermarkAsync(
        string projection, int shard, Watermark watermark, long epoch, CancellationToken cancel) =>
        Tell(() => disk.Set(new WatermarkMove(projection, shard, watermark, epoch)), cancel);

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetStateAsync(string name, CancellationToken cancel) =>
        Ask(() => disk.States.Get(name), cancel);

    /// <inheritdoc/>
    public ValueTask SetStateAsync(string name, byte[]? json, long epoch, CancellationToken cancel) => Tell(
        () =>
        {
            disk.States.Set(name, json, epoch);
            disk.Settle();
        },
        cancel);

    /// <inheritdoc/>
    public ValueTask<ChangeBatch> ReadChangesAsync(string? resumeToken, int limit, CancellationToken cancel) =>
        Ask(() => Changes(resumeToken, limit, withDocuments: true), cancel);

    /// <inheritdoc/>
    public ValueTask<ChangeBatch> ReadChangedIdsAsync(string? resumeToken, int limit, CancellationToken cancel) =>
        Ask(() => Changes(resumeToken, limit, withDocuments: false), cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        return ValueTask.CompletedTask;
    }

    private ChangeBatch Changes(string? token, int limit, bool withDocuments)
    {
        if (token is null) return new ChangeBatch([], disk.Changes.TokenAfter(disk.Changes.Last));
        var (changes, through) = disk.Changes.After(token, limit);
        if (withDocuments) changes = [.. changes.Select(change => change with
        {
            Current = disk.Find(change.Collection)?.Get(change.Id)?.Document,
        })];
        return new ChangeBatch(changes, disk.Changes.TokenAfter(through));
    }

    private ValueTask Tell(Action call, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate) call();
        return ValueTask.CompletedTask;
    }

    private ValueTask<T> Ask<T>(Func<T> call, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate) return ValueTask.FromResult(call());
    }

    private void Require(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (_isClosed) throw new TidelineException(ErrorCode.ShuttingDown, "The view store is closed.");
    }
}
