using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Reads of documents: what a majority has, in the causality of the process; or, <paramref name="isNearest"/>, what the
/// nearest server has.
/// </summary>
internal sealed class MongoViewReader(MongoServer server, MongoCatalog catalog, bool isNearest) : IViewReader
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Document>> ReadAsync(
        string collection, IReadOnlyList<string> ids, CancellationToken cancel)
    {
        var (of, found) = (await catalog.FindAsync(collection, cancel),
            new Dictionary<string, Document>(ids.Count, StringComparer.Ordinal));
        foreach (var some in ids.Chunk(ViewLimits.QueryDocuments))
            await WalkAsync(of, new BsonDocument("_id", new BsonDocument("$in", new BsonArray(some))),
                Page(some.Length), document => found.TryAdd(document.Id, document), cancel);
        return [.. ids.Select(id => found.GetValueOrDefault(id)).OfType<Document>()];
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Document>> QueryAsync(DocumentQuery query, CancellationToken cancel)
    {
        var of = await catalog.FindAsync(query.Collection, cancel);
        var options = Page(query.Contains is null ? query.Limit : null);
        // The planner is not asked: the definition says which index gives the page in order.
        options.Hint = MongoCatalog.Keys(CollectionRules.IndexFor(of.Definition, query) ?? []);
        options.Sort = ViewFilter.Order(query);
        var found = new List<Document>();
        await WalkAsync(
            of,
            ViewFilter.Of(query, of.Types),
            options,
            document =>
            {
                if (SubstringFilter.Passes(query, document)) found.Add(document);
                return found.Count < query.Limit;
            },
            cancel);
        return found;
    }

    /// <summary>Ids that are not text.</summary>
    public async Task<IReadOnlyList<string>> FindForeignAsync(string collection, int limit, CancellationToken cancel)
    {
        var name = (await catalog.FindAsync(collection, cancel)).Name;
        var options = new FindOptions<RawBsonDocument, BsonDocument>
        {
            Projection = new BsonDocument("_id", 1), Limit = limit,
            MaxTime = TimeSpan.FromMilliseconds(MongoLimits.ReadMs),
        };
        var filter = new BsonDocument("_id", new BsonDocument("$not", new BsonDocument("$type", "string")));
        return await server.ReadAsync<IReadOnlyList<string>>(async session =>
        {
            using var cursor = await server.Collection(name).FindAsync(session, filter, options, cancel);
            return [.. (await cursor.ToListAsync(cancel)).Select(found => found["_id"].ToString()!)];
        });
    }

    private async Task WalkAsync(TypedCollection of, BsonDocument filter,
        FindOptions<RawBsonDocument> options, Func<Document, bool> goesOn, CancellationToken cancel) =>
        await server.ReadAsync(async session =>
        {
            using var cursor = isNearest
                ? await server.Nearest(of.Name).FindAsync(filter, options, cancel)
                : await server.Collection(of.Name).FindAsync(session, filter, options, cancel);
            while (await cursor.MoveNextAsync(cancel))
            {
                foreach (var raw in cursor.Current)
                {
                    if (!goesOn(StoredDocument.Decode(raw, of.Types))) return false;
                }
            }

            return true;
        });

    // A whole page comes in one answer; what is filtered here comes in pieces until the page is full.
    private static FindOptions<RawBsonDocument> Page(int? limit) => new()
    {
        Limit = limit, BatchSize = limit ?? Limits.EventBatch, MaxTime = TimeSpan.FromMilliseconds(MongoLimits.ReadMs)
    };
}
