using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Tools.Servers;

public sealed class MongoStandInTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_stand_in_never_passes_for_MongoDB()
    {
        await using var own = await StartAsync();
        own.Server.Version.ShouldMatch(
            @"^MongoDB 6\.0 wire on the stand-in mongo-java-server \d+\.\d+\.\d+ \(not MongoDB\)$");
        (await MongoStandIn.VersionOfAsync(own.Server.Address, Cancel))
            .ShouldBe("MongoDB 6.0 wire on a stand-in (not MongoDB)");
    }

    [Fact]
    public async Task A_document_can_be_written_and_read_and_is_gone_after_a_restart()
    {
        await using var own = await StartAsync();
        using var client = new MongoClient(own.Server.Address);
        var documents = client.GetDatabase("test").GetCollection<BsonDocument>("documents");
        await documents.InsertOneAsync(new BsonDocument("_id", 1), cancellationToken: Cancel);
        (await documents.CountDocumentsAsync(FilterDefinition<BsonDocument>.Empty, cancellationToken: Cancel))
            .ShouldBe(1);
        await own.Server.KillAsync();
        await own.Server.StartAsync(Cancel);
        using var again = new MongoClient(own.Server.Address);
        (await again.GetDatabase("test").GetCollection<BsonDocument>("documents")
            .CountDocumentsAsync(FilterDefinition<BsonDocument>.Empty, cancellationToken: Cancel)).ShouldBe(0);
    }

    private static Task<OwnServer<MongoStandIn>> StartAsync() =>
        OwnServer<MongoStandIn>.StartAsync(folder => MongoStandIn.PrepareAsync(folder, cancel: Cancel));
}
