using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Engines.Views.Mongo;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>Names of collections that stay, as the tools of MongoDB see them.</summary>
public sealed class StableNameTests : IAsyncLifetime
{
    private readonly MongoViews _source = new();
    private IViewStore _views = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _views = await _source.OpenAsync();
        foreach (var version in new[] { "1", "2" })
        {
            await _views.EnsureCollectionAsync(new CollectionDefinition($"people_v{version}", [], false), Cancel);
            var json = Encoding.UTF8.GetBytes($$"""{"name":"Ada","version":{{version}}}""");
            await _views.WriteAsync($"people_v{version}",
                [new DocumentWrite("a", 0, 1, json, new Dictionary<string, object?>())], Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_views is not null) await _views.DisposeAsync();
        await _source.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_name_shows_the_documents_of_the_newest_version_without_their_envelope()
    {
        foreach (var version in new[] { 1, 2 })
        {
            if (await _views.PublishAsync("people", $"people_v{version}", Cancel) is not null)
                Assert.Skip("The stand-in for MongoDB has no views; name a real server with TIDELINE_TEST_MONGODB.");
            (await AllAsync("people")).ShouldHaveSingleItem().ShouldBe(
                new BsonDocument { ["_id"] = "a", ["name"] = "Ada", ["version"] = (long)version });
        }

        await Should.ThrowAsync<MongoException>(() => _source.Database.GetCollection<BsonDocument>("people")
            .InsertOneAsync(new BsonDocument("_id", "b"), cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_server_with_views_is_asked_to_make_the_name_once_and_to_change_it_at_a_switch()
    {
        await using var line = await _source.LineAsync();
        var (asked, made) = (new List<string>(), (BsonDocument?)null);
        // What a server with views answers.
        line.Refuse = command =>
        {
            var name = command.GetElement(0).Name;
            if (name == "listCollections")
                return new BsonDocument { ["ok"] = 1, ["cursor"] = Cursor(made is null ? [] : [made]) };
            if (name is not ("create" or "collMod") || !command.Contains("viewOn")) return null;
            asked.Add($"{name} {command[0]} on {command["viewOn"]}");
            var options = new BsonDocument { ["viewOn"] = command["viewOn"], ["pipeline"] = command["pipeline"] };
            made = new BsonDocument { ["name"] = command[0], ["type"] = "view", ["options"] = options };
            return new BsonDocument("ok", 1);
        };
        await using var views = await _source.OpenAsync(line.Address, NullLogger.Instance);
        foreach (var collection in new[] { "people_v1", "people_v1", "people_v2", "people_v2" })
            (await views.PublishAsync("people", collection, Cancel)).ShouldBeNull();
        asked.ShouldBe(["create people on people_v1", "collMod people on people_v2"]);
    }

    [Fact]
    public async Task The_pipeline_of_a_name_leaves_out_the_envelope()
    {
        var command = StableNames.Definition("create", "people", "people_v1");
        command["viewOn"].ShouldBe("people_v1");
        command.Names.First().ShouldBe("create");
        var stages = command["pipeline"].AsBsonArray.Select(stage => stage.AsBsonDocument).ToArray();
        using var cursor = await _source.Database.GetCollection<BsonDocument>("people_v1")
            .AggregateAsync<BsonDocument>(stages, cancellationToken: Cancel);
        (await cursor.ToListAsync(Cancel)).ShouldHaveSingleItem()
            .ShouldBe(new BsonDocument { ["_id"] = "a", ["name"] = "Ada", ["version"] = 1L });
    }

    [Fact]
    public async Task A_server_without_views_keeps_nothing_of_the_attempt()
    {
        var why = await _views.PublishAsync("people", "people_v1", Cancel);
        if (why is null) Assert.Skip("This server has views.");
        (await _views.PublishAsync("people", "people_v2", Cancel)).ShouldBe(why);
        using var names = await _source.Database.ListCollectionNamesAsync(cancellationToken: Cancel);
        (await names.ToListAsync(Cancel)).ShouldNotContain("people");
    }

    [Fact]
    public async Task A_collection_of_somebody_else_is_left_alone()
    {
        await _source.Database.GetCollection<BsonDocument>("people")
            .InsertOneAsync(new BsonDocument("_id", "theirs"), cancellationToken: Cancel);
        (await _views.PublishAsync("people", "people_v1", Cancel)).ShouldNotBeNull().ShouldContain("'people'");
        (await AllAsync("people")).ShouldHaveSingleItem()["_id"].ShouldBe("theirs");
    }

    private BsonDocument Cursor(BsonDocument[] found) => new()
    {
        ["id"] = 0L, ["ns"] = $"{_source.Name}.$cmd.listCollections", ["firstBatch"] = new BsonArray(found),
    };

    private async Task<List<BsonDocument>> AllAsync(string collection)
    {
        using var cursor = await _source.Database.GetCollection<BsonDocument>(collection)
            .FindAsync(new BsonDocument(), cancellationToken: Cancel);
        return await cursor.ToListAsync(Cancel);
    }
}
