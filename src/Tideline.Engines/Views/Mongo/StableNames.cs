using MongoDB.Bson;
using MongoDB.Driver;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Names of collections that stay when a rebuild switches versions: read-only views of MongoDB, without the envelope of
/// the documents. A server without views makes an ordinary collection instead, and has none of the names then.
/// </summary>
internal sealed class StableNames(MongoServer server)
{
    private const int NamespaceExists = 48;
    private const int Attempts = 3;

    private const string Unsupported =
        "The server has no views, so read the collections of the active version by their own names.";

    private static readonly BsonArray s_pipeline = [new BsonDocument("$unset", "_tl")];
    private volatile bool _isUnsupported;

    /// <summary>Has the view of that name show a collection.</summary>
    /// <returns>Null when it does; otherwise why it cannot.</returns>
    public async Task<string?> PublishAsync(string name, string collection, CancellationToken cancel)
    {
        if (_isUnsupported) return Unsupported;
        // Somebody may make or drop it between two calls.
        for (var attempt = 1; ; attempt++)
        {
            var found = await FindAsync(name, cancel);
            if (found is not null && !IsView(found))
                return $"There is a collection '{name}' that Tideline did not make; rename it.";
            if (found is not null && Shows(found, collection)) return null;
            if (await TryAsync(Definition(found is null ? "create" : "collMod", name, collection), cancel)
                && found is null && await FindAsync(name, cancel) is { } made && !IsView(made))
            {
                await server.WriteAsync(async (session, _) =>
                {
                    await server.Database.DropCollectionAsync(session, name, cancel);
                    return true;
                }, cancel);
                _isUnsupported = true;
                return Unsupported;
            }

            if (attempt == Attempts) return $"Another program keeps changing the view '{name}'.";
        }
    }

    /// <summary>The command that makes a view, or changes it.</summary>
    internal static BsonDocument Definition(string command, string name, string collection) => new()
    {
        [command] = name,
        ["viewOn"] = collection,
        ["pipeline"] = s_pipeline,
        ["writeConcern"] = new BsonDocument("w", "majority"),
    };

    private Task<BsonDocument?> FindAsync(string name, CancellationToken cancel) => server.ReadAsync(
        async session =>
        {
            using var cursor = await server.Database.ListCollectionsAsync(
                session, new ListCollectionsOptions { Filter = new BsonDocument("name", name) }, cancel);
            return (await cursor.ToListAsync(cancel)).Find(each => each["name"] == name);
        });

    // False: another process was faster.
    private Task<bool> TryAsync(BsonDocument command, CancellationToken cancel) => server.WriteAsync(
        async (session, _) =>
        {
            try
            {
                await server.Database.RunCommandAsync<BsonDocument>(session, command, cancellationToken: cancel);
                return true;
            }
            catch (MongoCommandException taken) when (taken.Code == NamespaceExists)
            {
                return false;
            }
        },
        cancel);

    private static bool IsView(BsonDocument found) => found.GetValue("type", "collection") == "view";

    private static bool Shows(BsonDocument found, string collection) =>
        found.GetValue("options", null) is BsonDocument options && options.GetValue("viewOn", "") == collection
        && options.GetValue("pipeline", null) is BsonArray pipeline && pipeline.Equals(s_pipeline);
}
