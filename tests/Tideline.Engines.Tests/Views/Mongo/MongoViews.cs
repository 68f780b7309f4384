using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Engines.Views.Mongo;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>View stores in a database of the test.</summary>
public sealed class MongoViews : IViewStoreSource
{
    private readonly string _server;
    private readonly List<IAsyncDisposable> _standIns = [];
    private readonly MongoClient _client;

    public MongoViews()
        : this(RealEngine.MongoDb)
    {
    }

    internal MongoViews(string server)
    {
        _server = server;
        _client = new MongoClient(server);
    }

    /// <summary>The database, as somebody with a tool of MongoDB sees it.</summary>
    internal IMongoDatabase Database => _client.GetDatabase(Name);

    internal string Name { get; } = $"tl_test_{new IdGenerator(TimeProvider.System).Next():N}";

    public async ValueTask<IViewStore> OpenAsync() => await OpenAsync(_server, NullLogger.Instance);

    public async ValueTask<IViewStore> OpenShortLogAsync(int keptChanges)
    {
        var standIn = await MongoStandIn.StartAsync(keptChanges);
        _standIns.Add(standIn);
        return await OpenAsync(standIn.Address, NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DropDatabaseAsync(Name);
        _client.Dispose();
        foreach (var standIn in _standIns) await standIn.DisposeAsync();
    }

    /// <summary>Opens the store through another address.</summary>
    internal Task<MongoViewStore> OpenAsync(string server, ILogger logger, TimeProvider? time = null) =>
        MongoViewStore.OpenAsync(new MongoViewOptions(server, Name),
            time ?? TimeProvider.System, logger, TestContext.Current.CancellationToken);

    /// <summary>The address of the primary, and of a line to it that a test may break.</summary>
    internal async Task<MongoLine> LineAsync()
    {
        var hello = await _client.GetDatabase("admin").RunCommandAsync<BsonDocument>(
            new BsonDocument("hello", 1), cancellationToken: TestContext.Current.CancellationToken);
        return new MongoLine(new MongoUrlBuilder(_server), hello["me"].AsString);
    }
}
