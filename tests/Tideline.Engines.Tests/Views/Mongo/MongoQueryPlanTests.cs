using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Engines.Views;
using Tideline.Engines.Views.Mongo;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>
/// What MongoDB says of how it answers the program's queries of the views; the stand-in does not say.
/// </summary>
public sealed class MongoQueryPlanTests
{
    [Fact]
    public async Task Every_query_of_the_program_uses_an_index()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var source = new MongoViews();
        await using var views = await source.OpenAsync();
        foreach (var (collection, query) in ProgramQueries.All())
        {
            await views.EnsureCollectionAsync(collection, cancel);
            var find = new BsonDocument
            {
                ["find"] = collection.Name, ["filter"] = ViewFilter.Of(query, FieldNode.Of(collection.Fields)),
                ["sort"] = ViewFilter.Order(query),
                ["hint"] = MongoCatalog.Keys(CollectionRules.IndexFor(collection, query) ?? []),
            };
            var plan = await ExplainAsync(source.Database, find, cancel);
            var chosen = plan["queryPlanner"]["winningPlan"].ToString()!;
            chosen.ShouldContain("IXSCAN", Case.Sensitive, query.ToString());
            chosen.ShouldNotContain("COLLSCAN");
        }
    }

    private static async Task<BsonDocument> ExplainAsync(
        IMongoDatabase database, BsonDocument find, CancellationToken cancel)
    {
        try
        {
            return await database.RunCommandAsync<BsonDocument>(
                new BsonDocument { ["explain"] = find, ["verbosity"] = "queryPlanner" }, cancellationToken: cancel);
        }
        catch (MongoCommandException fault) when (fault.Message.Contains("no such command", StringComparison.Ordinal))
        {
            Assert.Skip("The stand-in for MongoDB does not explain queries; name a real server with "
                + "TIDELINE_TEST_MONGODB.");
            throw;
        }
    }
}
