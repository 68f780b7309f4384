using System.Diagnostics;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Tools.Servers;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>
/// The stand-in for MongoDB as a process of the test's own, with an oplog of a few events: no real server can be made
/// to forget so soon. It stands in the folder that
/// <c>TIDELINE_SERVICES_DIR</c> names, or in <c>../shared/services</c> beside the repository.
/// </summary>
internal sealed class MongoStandIn : IAsyncDisposable
{
    private readonly Process _process;

    private MongoStandIn(Process process, int port) =>
        (_process, Address) = (process, $"mongodb://127.0.0.1:{port}/?replicaSet=rs0");

    public string Address { get; }

    public static async Task<MongoStandIn> StartAsync(int oplogEvents)
    {
        var program = Path.Combine(Folder(), "mongodb", "mongodb.sh");
        if (!File.Exists(program)) Assert.Skip("There is no stand-in for MongoDB whose oplog could be made short; "
            + "TIDELINE_SERVICES_DIR names the folder that has one.");
        var port = LoopbackPort.Next();
        var start = new ProcessStartInfo(
            program, ["run", $"{port}", $"{oplogEvents}"])
        { RedirectStandardOutput = true };
        var standIn = new MongoStandIn(Process.Start(start)!, port);
        await standIn.UpAsync();
        return standIn;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task UpAsync()
    {
        var settings = MongoClientSettings.FromConnectionString(Address);
        settings.ServerSelectionTimeout = TimeSpan.FromSeconds(60);
        using var client = new MongoClient(settings);
        await client.GetDatabase("admin").RunCommandAsync<BsonDocument>(
            new BsonDocument("ping", 1), cancellationToken: TestContext.Current.CancellationToken);
    }

    private static string Folder()
    {
        if (Environment.GetEnvironmentVariable("TIDELINE_SERVICES_DIR") is { Length: > 0 } named) return named;
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Tideline.slnx"))) root = root.Parent;
        return Path.Combine(root?.Parent?.FullName ?? "", "shared", "services");
    }
}
