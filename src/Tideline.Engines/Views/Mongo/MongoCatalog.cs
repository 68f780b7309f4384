using System.Collections.Concurrent;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Which collections there are and how they are defined; kept in <c>tl_collections</c>, for every process the same.
/// </summary>
internal sealed class MongoCatalog(MongoServer server)
{
    private const int NamespaceExists = 48;

    private readonly ConcurrentDictionary<string, TypedCollection> _known = new(StringComparer.Ordinal);
    private readonly IMongoCollection<BsonDocument> _entries = server.Database.GetCollection<BsonDocument>(
        "tl_collections");

    /// <summary>The key pattern of an index: the document id breaks ties.</summary>
    public static BsonDocument Keys(IEnumerable<string> index) =>
        new(index.Append("_id").Select(field => new BsonElement(field, 1)));

    /// <summary>A collection.</summary>
    /// <exception cref="TidelineException">NotFound: no such collection.</exception>
    public async ValueTask<TypedCollection> FindAsync(string name, CancellationToken cancel) =>
        await TryFindAsync(name, cancel)
            ?? throw new TidelineException(ErrorCode.NotFound, $"There is no collection '{name}'.");

    /// <summary>
    /// A collection, null when there is none. Another process may have made it, so what is not known
    /// is looked up.
    /// </summary>
    public async ValueTask<TypedCollection?> TryFindAsync(string name, CancellationToken cancel)
    {
        if (_known.TryGetValue(name, out var known)) return known;
        var entry = await server.ReadAsync(
            session => _entries.Find(session, new BsonDocument("_id", name)).FirstOrDefaultAsync(cancel));
        return entry is not null && Parse(entry) is { } definition
            ? _known[name] = new TypedCollection(definition) : null;
    }

    /// <summary>The names of all collections; somebody may have dropped one behind its entry.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancel)
    {
        var entries =
            await server.ReadAsync(
                session => _entries.Find(session, FilterDefinition<BsonDocument>.Empty).ToListAsync(cancel));
        var there = await server.ReadAsync(async session =>
            await (await server.Database.ListCollectionNamesAsync(session, cancellationToken: cancel))
                .ToListAsync(cancel));
        return [.. entries.Select(Parse).OfType<CollectionDefinition>().Select(definition => definition.Name)
            .Intersect(there, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Makes a collection with its indexes; answers whether it was not there. Every step may be there already: a crash
    /// between them is healed by the next call, and so is what somebody took away.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput; IncompatibleData: it is there with another
    /// definition.</exception>
    public async Task<bool> EnsureAsync(CollectionDefinition definition, CancellationToken cancel)
    {
        CollectionRules.Check(definition);
        // Refuses types that cannot be.
        _ = FieldNode.Of(definition.Fields);
        var (name, entry) = (definition.Name, Entry(definition));
        _known.TryRemove(name, out _);
        if (await TryFindAsync(name, cancel) is { } known) ShouldBeSame(known.Definition, entry);
        var isNew = false;
        await server.WriteAsync(
            async (session, _) =>
            {
                isNew |= await CreateAsync(session, definition, cancel);
                var indexes = definition.Indexes.Select(index => new CreateIndexModel<RawBsonDocument>(Keys(index)))
                    .ToArray();
                if (indexes.Length > 0) await server.Collection(name).Indexes.CreateManyAsync(session, indexes, cancel);
                return await AddAsync(session, entry, cancel);
            },
            cancel);
        // Whoever was first decides.
        ShouldBeSame((await FindAsync(name, cancel)).Definition, entry);
        return isNew;
    }

    /// <summary>Drops a collection, if it is there.</summary>
    public async Task DropAsync(string name, CancellationToken cancel)
    {
        if (await TryFindAsync(name, cancel) is null) return;
        await server.WriteAsync(
            async (session, _) =>
            {
                // The entry goes last: while it stands, whoever makes the collection again completes it, and whoever
                // drops it again goes on.
                await server.Database.DropCollectionAsync(session, name, cancel);
                return await _entries.DeleteOneAsync(session, new BsonDocument("_id", name), cancellationToken: cancel);
            },
            cancel);
        _known.TryRemove(name, out _);
    }

    // Pre-images tell the revision of what was deleted.
    private async Task<bool> CreateAsync(
        IClientSessionHandle session, CollectionDefinition definition, CancellationToken cancel)
    {
        try
        {
            var images = new ChangeStreamPreAndPostImagesOptions { Enabled = definition.LogChanges };
            var options = new CreateCollectionOptions { ChangeStreamPreAndPostImagesOptions = images };
            await server.Database.CreateCollectionAsync(session, definition.Name, options, cancel);
            return true;
        }
        catch (MongoCommandException fault) when (fault.Code == NamespaceExists)
        {
            var change = new BsonDocument
            {
                ["collMod"] = definition.Name,
                ["changeStreamPreAndPostImages"] = new BsonDocument("enabled", definition.LogChanges),
                ["writeConcern"] = new BsonDocument("w", "majority"),
            };
            await server.Database.RunCommandAsync<BsonDocument>(session, change, cancellationToken: cancel);
            return false;
        }
    }

    private async Task<bool> AddAsync(IClientSessionHandle session, BsonDocument entry, CancellationToken cancel)
    {
        try
        {
            await _entries.InsertOneAsync(session, entry, cancellationToken: cancel);
            return true;
        }
        catch (MongoWriteException fault)
            when (fault.WriteError?.Category == ServerErrorCategory.DuplicateKey && fault.WriteConcernError is null)
        {
            // Whoever was first decides, unless somebody broke the entry since.
            var first = await _entries.Find(session, new BsonDocument("_id", entry["_id"])).FirstOrDefaultAsync(cancel);
            if (first is not null && Parse(first) is null)
                await _entries.ReplaceOneAsync(
                    session, new BsonDocument("_id", entry["_id"]), entry, cancellationToken: cancel);
            return false;
        }
    }

    private static void ShouldBeSame(CollectionDefinition known, BsonDocument entry)
    {
        if (!Entry(known).Equals(entry)) throw new TidelineException(
            ErrorCode.IncompatibleData, $"The collection '{known.Name}' exists with another definition.");
    }

    private static BsonDocument Entry(CollectionDefinition definition) => new()
    {
        ["_id"] = definition.Name,
        ["indexes"] = new BsonArray(definition.Indexes.Select(index => new BsonArray(index))),
        ["logChanges"] = definition.LogChanges,
        ["fields"] = new BsonArray(definition.Fields.Select(Entry)),
    };

    private static BsonDocument Entry(FieldType type)
    {
        var entry = new BsonDocument { ["path"] = type.Path, ["kind"] = type.Kind.ToString() };
        return type.ExactUs is { } exact ? entry.Add("exactUs", exact) : entry;
    }

    // Null: somebody broke the entry. Whoever needs the collection makes it again.
    private static CollectionDefinition? Parse(BsonDocument entry)
    {
        if (entry["_id"] is not BsonString name || entry.GetValue("logChanges", null) is not BsonBoolean logs
            || entry.GetValue("indexes", null) is not BsonArray indexes
            || !indexes.All(index => index is BsonArray fields && fields.All(field => field is BsonString))
            || entry.GetValue("fields", null) is not BsonArray types || types.Select(ParseType).ToList() is var parsed
            && parsed.Contains(null))
        {
            return null;
        }

        return new CollectionDefinition(
            name.Value,
                [.. indexes.Select(
                    index => (IReadOnlyList<string>)[.. index.AsBsonArray.Select(field => field.AsString)])],
                    logs.Value)
        {
            Fields = [.. parsed.OfType<FieldType>()],
        };
    }

    private static FieldType? ParseType(BsonValue entry) =>
        entry is BsonDocument type && type.GetValue("path", null) is BsonString path
        && type.GetValue("kind", null) is BsonString name && Enum.TryParse<FieldKind>(name.Value, out var kind)
        && Enum.IsDefined(kind) && type.GetValue("exactUs", BsonNull.Value) is var exact and (BsonString or BsonNull)
            ? new FieldType(path.Value, kind, (exact as BsonString)?.Value) : null;
}
