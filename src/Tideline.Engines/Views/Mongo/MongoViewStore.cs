#pragma warning disable CA2000 // The server lives as long as the store; DisposeAsync closes it.
using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// The view tier in MongoDB: a collection per collection, with fields that people can query; guarded bulk writes that a
/// majority has when they return; no transactions.
/// </summary>
public sealed class MongoViewStore : IViewStore
{
    private const int Format = 3;

    private readonly MongoServer _server;
    private readonly MongoCatalog _catalog;
    private readonly MongoViewReader _reader;
    private readonly GuardedWriter _writer;
    private readonly MongoStates _states;
    private readonly ChangeFeed _changes;
    private readonly OplogWatch _oplog;
    private readonly StableNames _names;

    private MongoViewStore(MongoServer server, TimeProvider time, ILogger logger)
    {
        _server = server;
        _catalog = new MongoCatalog(server);
        _reader = new MongoViewReader(server, _catalog, isNearest: false);
        Nearest = new MongoViewReader(server, _catalog, isNearest: true);
        _writer = new GuardedWriter(server, new IdGenerator(time));
        _states = new MongoStates(server, _writer);
        _changes = new ChangeFeed(server, _catalog, _reader);
        _oplog = new OplogWatch(server, time, logger);
        _names = new StableNames(server);
    }

    /// <inheritdoc/>
    public IViewReader Nearest { get; }

    /// <summary>Opens the database, or makes it.</summary>
    /// <exception cref="TidelineException">InvalidInput: bad options, or no replica set. IncompatibleData: MongoDB
    /// before 6.0, or views of a newer version. StorageUnavailable.</exception>
    public static async Task<MongoViewStore> OpenAsync(
        MongoViewOptions options, TimeProvider time, ILogger logger, CancellationToken cancel)
    {
        var server = new MongoServer(options, time, logger);
        try
        {
            await server.CheckAsync(cancel);
            await CheckFormatAsync(server, cancel);
            return new MongoViewStore(server, time, logger);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> EnsureCollectionAsync(CollectionDefinition definition, CancellationToken cancel) =>
        await _catalog.EnsureAsync(definition, cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<string>> ListCollectionsAsync(CancellationToken cancel) =>
        await _catalog.ListAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask<string?> PublishAsync(string name, string collection, CancellationToken cancel)
    {
        CollectionRules.CheckName(name);
        return await _names.PublishAsync(name, (await _catalog.FindAsync(collection, cancel)).Name, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(string collection, IReadOnlyList<string> ids, CancellationToken cancel)
    {
        var name = (await _catalog.FindAsync(collection, cancel)).Name;
        var named = new BsonDocument("_id", new BsonDocument("$in", new BsonArray(ids)));
        await _server.WriteAsync(
            (session, _) =>
                _server.Collection(name).DeleteManyAsync(session, named, cancellationToken: cancel), cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<string>> FindForeignAsync(
        string collection, int limit, CancellationToken cancel) =>
        await _reader.FindForeignAsync(collection, limit, cancel);

    /// <inheritdoc/>
    public async ValueTask DropCollectionAsync(string collection, CancellationToken cancel) =>
        await _catalog.DropAsync(collection, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Document>> ReadAsync(
        string collection, IReadOnlyList<string> ids, CancellationToken cancel) =>
        _reader.ReadAsync(collection, ids, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Document>> QueryAsync(DocumentQuery query, CancellationToken cancel) =>
        _reader.QueryAsync(query, cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<bool>> WriteAsync(
        string collection, IReadOnlyList<DocumentWrite> writes, CancellationToken cancel) =>
        (await WriteBatchAsync([new CollectionWrites(collection, writes, MustApply: false)], [], cancel))[0];

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<IReadOnlyList<bool>>> WriteBatchAsync(
        IReadOnlyList<CollectionWrites> groups, IReadOnlyList<WatermarkMove> watermarks, CancellationToken cancel)
    {
        var collections = new TypedCollection[groups.Count];
        for (var at = 0; at < collections.Length; at++)
            collections[at] = await _catalog.FindAsync(groups[at].Collection, cancel);
        var applied = new bool[groups.Count][];
        var move = watermarks.Count > 0;
        for (var at = 0; at < applied.Length;)
        {
            // Groups that need not apply prove nothing of each other: they are written side by side, and whole before
            // the one that does.
            var end = at + 1;
            while (!groups[at].MustApply && end < applied.Length && !groups[end].MustApply) end++;
            await Task.WhenAll(Enumerable.Range(at, end - at).Select(WriteAsync));
            for (; at < end; at++) move &= !groups[at].MustApply || !applied[at].AsSpan().Contains(false);
        }

        if (move) await _states.MoveAsync(watermarks, cancel);
        return applied;

        async Task WriteAsync(int at) => applied[at] = await _writer.WriteAsync(
            collections[at], groups[at].Writes, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<Watermark> GetWatermarkAsync(string projection, int shard, CancellationToken cancel) =>
        await _states.GetWatermarkAsync(projection, shard, cancel);

    /// <inheritdoc/>
    public async ValueTask SetWatermarkAsync(
        string projection, int shard, Watermark watermark, long epoch, CancellationToken cancel) =>
        await _states.SetWatermarkAsync(new WatermarkMove(projection, shard, watermark, epoch), cancel);

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetStateAsync(string name, CancellationToken cancel) =>
        await _states.GetStateAsync(name, cancel);

    /// <inheritdoc/>
    public async ValueTask SetStateAsync(string name, byte[]? json, long epoch, CancellationToken cancel) =>
        await _states.SetStateAsync(name, json, epoch, cancel);

    /// <inheritdoc/>
    public ValueTask<ChangeBatch> ReadChangesAsync(string? resumeToken, int limit, CancellationToken cancel) =>
        ReadChangesAsync(resumeToken, limit, withDocuments: true, cancel);

    /// <inheritdoc/>
    public ValueTask<ChangeBatch> ReadChangedIdsAsync(string? resumeToken, int limit, CancellationToken cancel) =>
        ReadChangesAsync(resumeToken, limit, withDocuments: false, cancel);

    /// <summary>
    /// How far the oplog reaches behind a consumer's token: the alarm before a resync. Null where the server does not
    /// show its oplog.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: no token of this change log. StorageUnavailable.</exception>
    public async ValueTask<OplogWindow?> GetOplogWindowAsync(string resumeToken, CancellationToken cancel) =>
        await _oplog.MeasureAsync(ChangeToken.Parse(resumeToken), cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _changes.Dispose();
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<ChangeBatch> ReadChangesAsync(
        string? resumeToken, int limit, bool withDocuments, CancellationToken cancel)
    {
        var after = resumeToken is null ? null : ChangeToken.Parse(resumeToken);
        var batch = await _changes.ReadAsync(after, limit, withDocuments, cancel);
        if (after is not null) await _oplog.LookAsync(after, cancel);
        return batch;
    }

    private static async Task CheckFormatAsync(MongoServer server, CancellationToken cancel)
    {
        var formats = server.Database.GetCollection<BsonDocument>("tl_format");
        // Written once and never changed: whoever opens the database first says what is in it.
        var update = new BsonDocument("$setOnInsert", new BsonDocument("version", Format));
        var options =
            new FindOneAndUpdateOptions<BsonDocument> { IsUpsert = true, ReturnDocument = ReturnDocument.After };
        var found = await server.WriteAsync((session, _) =>
            formats.FindOneAndUpdateAsync(session, new BsonDocument("_id", "views"), update, options, cancel), cancel);
        var version = found.GetValue("version", null) is { IsNumeric: true } number ? number.ToInt64() : 0;
        if (version != Format) throw new TidelineException(
            ErrorCode.IncompatibleData, $"The views have format {version}; this version reads {Format}.");
    }
}
