using System.Globalization;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>
/// The stand-in for MongoDB: it speaks the protocol as a replica set of one node, keeps everything in memory, and is
/// not MongoDB.
/// </summary>
internal sealed class MongoStandIn : LocalServer
{
    // It keeps everything in memory: 1 GiB, its own default, holds some 15,000 transfers with their views, and is slow
    // long before it is full. What is not needed is not touched.
    private const int HeapGiB = 4;

    // Each with its document, some 7 KB here: a third of 1 GiB. Its own default, a million, is more than the heap
    // holds, and the collector stands still for as long as there is to keep.
    private const int OplogEvents = 50_000;
    private const string Library = "mongo-java-server-core-";
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(3);
    private readonly string _folder;
    private readonly string _java;
    private readonly int _oplogEvents;

    private MongoStandIn(string standIn, string java, string folder, int port, int oplogEvents)
        : base("MongoDB stand-in", folder, [port]) => (_folder, _java, _oplogEvents) = (standIn, java, oplogEvents);

    public override string Address => $"mongodb://127.0.0.1:{Ports[0]}/?replicaSet=rs0";

    protected override ServerCommand Command => new(
        Path.Combine(_folder, "mongodb.sh"), ["run", $"{Ports[0]}", $"{_oplogEvents}"])
    {
        // Java takes _JAVA_OPTIONS last, so that it wins over what the script says. What outlives a moment stays for
        // good, so it is moved once, and the collector stands still for 0.16 s in the middle (`bench lag`, two
        // processors), where G1 does for 0.38.
        Environment = new Dictionary<string, string>
        {
            ["JAVA"] = _java, ["_JAVA_OPTIONS"] = string.Create(CultureInfo.InvariantCulture, $"-Xms{HeapGiB}g "
                + $"-Xmx{HeapGiB}g -XX:-UseSerialGC -XX:+UseParallelGC -XX:MaxTenuringThreshold=0 -Xmn256m")
        },
    };

    /// <summary>Finds the program. It does not run yet.</summary>
    /// <param name="folder">Where its log is.</param>
    /// <param name="port">The port; null takes a free one.</param>
    /// <param name="oplogEvents">Changes that its change streams can go back.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="TidelineException">NotFound: it or Java cannot be had here.</exception>
    public static async Task<MongoStandIn> PrepareAsync(
        string folder, int? port = null, int oplogEvents = OplogEvents, CancellationToken cancel = default) =>
        new(
            ServerBinaries.Shared("mongodb"), await ServerBinaries.JavaAsync(cancel), folder,
            port ?? LoopbackPort.Next(), oplogEvents);

    /// <summary>Name and version of the server at an address: <c>MongoDB</c> only where it is one.</summary>
    /// <exception cref="TimeoutException">It does not answer.</exception>
    public static async Task<string> VersionOfAsync(string address, CancellationToken cancel)
    {
        var settings = MongoClientSettings.FromConnectionString(address);
        settings.ServerSelectionTimeout = AskLimit;
        using var client = new MongoClient(settings);
        var build = await client.GetDatabase("admin")
            .RunCommandAsync<BsonDocument>(new BsonDocument("buildInfo", 1), cancellationToken: cancel);
        // Every mongod and mongos says which commit it was built from; a stand-in has none to name.
        return build.Contains("gitVersion")
            ? $"MongoDB {build["version"]}"
            : $"MongoDB {Wire(build)} wire on a stand-in (not MongoDB)";
    }

    protected override async Task<string> AskVersionAsync(CancellationToken cancel)
    {
        var version = await VersionOfAsync(Address, cancel);
        var library = Path.GetFileNameWithoutExtension(
            Directory.EnumerateFiles(Path.Combine(_folder, "lib"), $"{Library}*.jar").Single());
        return version.Replace(
            "a stand-in", $"the stand-in mongo-java-server {library[Library.Length..]}", StringComparison.Ordinal);
    }

    private static string Wire(BsonDocument build) => string.Join('.', build["version"].AsString.Split('.').Take(2));
}
