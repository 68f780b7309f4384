#pragma warning disable CA2000 // The writer and its connection live as long as the store; DisposeAsync closes them.
using System.Globalization;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>
/// The view tier in one SQLite file, <c>views.db</c>: a table per collection, one writer that commits the waiting calls
/// together, a pool of readers beside it.
/// </summary>
public sealed class SqliteViewStore : IViewStore
{
    private readonly SqliteViewReaders _readers;
    private readonly SqliteViewWriter _writer;
    private readonly CollectionCatalog _catalog;
    private readonly int _changeLogEntries;

    private SqliteViewStore(string path, CollectionCatalog catalog, SqliteViewWriter writer, int changeLogEntries)
    {
        (_catalog, _writer, _changeLogEntries) = (catalog, writer, changeLogEntries);
        _readers = new SqliteViewReaders(path);
    }

    /// <summary>Opens or makes the store in <c>DIR/views/views.db</c>.</summary>
    /// <exception cref="TidelineException">StorageUnavailable, Corrupt, IncompatibleData.</exception>
    public static SqliteViewStore Open(string dataDirectory) => Open(dataDirectory, SqliteViewLimits.ChangeLogEntries);

    internal static SqliteViewStore Open(string dataDirectory, int changeLogEntries)
    {
        Directory.CreateDirectory(Path.Combine(dataDirectory, "views"));
        var path = Path.Combine(dataDirectory, "views", "views.db");
        var catalog = new CollectionCatalog();
        return new SqliteViewStore(path, catalog, SqliteViewWriter.Open(path, catalog), changeLogEntries);
    }

    /// <inheritdoc/>
    public IViewReader Nearest => this;

    /// <inheritdoc/>
    public async ValueTask<bool> EnsureCollectionAsync(CollectionDefinition definition, CancellationToken cancel)
    {
        var (table, isNew) = (new CollectionTable(definition), false);
        await _writer.RunAsync(database => isNew = _catalog.Create(database, table), cancel);
        return isNew;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<string>> ListCollectionsAsync(CancellationToken cancel)
    {
        if (await _writer.FollowFileAsync(cancel)) _readers.OpenAgain();
        return _catalog.Names;
    }

    /// <inheritdoc/>
    public async ValueTask<string?> PublishAsync(string name, string collection, CancellationToken cancel)
    {
        var table = _catalog.Find(collection);
        CollectionRules.CheckName(name);
        await _writer.RunAsync(database => table.Publish(database, name), cancel);
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(string collection, IReadOnlyList<string> ids, CancellationToken cancel)
    {
        var table = _catalog.Find(collection);
        await _writer.RunAsync(database => table.Remove(database, ids), cancel);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> FindForeignAsync(string collection, int limit, CancellationToken cancel)
    {
        var table = _catalog.Find(collection);
        return ValueTask.FromResult(_readers.Read(database => table.FindForeign(database, limit)));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> FindMisindexedAsync(
        string collection, int limit, CancellationToken cancel)
    {
        var table = _catalog.Find(collection);
        return ValueTask.FromResult(_readers.Read(database => table.FindMisindexed(database, limit)));
    }

    /// <inheritdoc/>
    public async ValueTask DropCollectionAsync(string collection, CancellationToken cancel) =>
        await _writer.RunAsync(database => _catalog.Drop(database, collection), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Document>> ReadAsync(
        string collection, IReadOnlyList<string> ids, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var table = _catalog.Find(collection);
        return ValueTask.FromResult(_readers.Read(database => table.Read(database, ids)));
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<bool>> WriteAsync(
        string collection, IReadOnlyList<DocumentWrite> writes, CancellationToken cancel) =>
        (await WriteBatchAsync([new CollectionWrites(collection, writes, MustApply: false)], [], cancel))[0];

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<IReadOnlyList<bool>>> WriteBatchAsync(
        IReadOnlyList<CollectionWrites> groups, IReadOnlyList<WatermarkMove> watermarks, CancellationToken cancel)
    {
        var tables = groups.Select(group => _catalog.Find(group.Collection)).ToArray();
        var applied = new bool[groups.Count][];
        await _writer.RunAsync(
            database =>
            {
                var move = true;
                for (var at = 0; at < tables.Length; at++)
                {
                    applied[at] = tables[at].Write(database, groups[at].Writes);
                    if (tables[at].LogChanges) ChangeLog.Trim(database, _changeLogEntries);
                    move &= !groups[at].MustApply || !applied[at].AsSpan().Contains(false);
                }

                if (!move) return;
                foreach (var watermark in watermarks) StateTables.MoveWatermark(database, watermark);
            },
            cancel,
            durable: watermarks.Count == 0);
        return applied;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Document>> QueryAsync(DocumentQuery query, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var table = _catalog.Find(query.Collection);
        CollectionRules.IndexFor(table.Definition, query);
        return ValueTask.FromResult(_readers.Read(database => DocumentSearch.Run(database, table, query)));
    }

    /// <inheritdoc/>
    public ValueTask<Watermark> GetWatermarkAsync(string projection, int shard, CancellationToken cancel) =>
        ValueTask.FromResult(_readers.Read(database => StateTables.GetWatermark(database, projection, shard), default));

    /// <inheritdoc/>
    public async ValueTask SetWatermarkAsync(
        string projection, int shard, Watermark watermark, long epoch, CancellationToken cancel) =>
        await _writer.RunAsync(
            database =>
                StateTables.SetWatermark(database, new WatermarkMove(projection, shard, watermark, epoch)), cancel);

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetStateAsync(string name, CancellationToken cancel) =>
        ValueTask.FromResult(_readers.Read(database => StateTables.GetState(database, name), null));

    /// <inheritdoc/>
    public async ValueTask SetStateAsync(string name, byte[]? json, long epoch, CancellationToken cancel) =>
        await _writer.RunAsync(database => StateTables.SetState(database, name, json, epoch), cancel);

    /// <inheritdoc/>
    public ValueTask<ChangeBatch> ReadChangesAsync(string? resumeToken, int limit, CancellationToken cancel) =>
        ReadChanges(resumeToken, limit, _catalog, cancel);

    /// <inheritdoc/>
    public ValueTask<ChangeBatch> ReadChangedIdsAsync(string? resumeToken, int limit, CancellationToken cancel) =>
        ReadChanges(resumeToken, limit, catalog: null, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _readers.Dispose();
    }

    private ValueTask<ChangeBatch> ReadChanges(
        string? resumeToken, int limit, CollectionCatalog? catalog, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        long? after = null;
        if (resumeToken is not null)
        {
            after = long.TryParse(resumeToken, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new TidelineException(
                    ErrorCode.InvalidInput, $"'{resumeToken}' is not a resume token of this change log.");
        }

        return ValueTask.FromResult(_readers.Read(database => ChangeLog.Read(database, catalog, after, limit)));
    }
}
