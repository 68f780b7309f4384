using StackExchange.Redis;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>A real Redis server. It keeps an append-only file, so that a restart finds what was there.</summary>
internal sealed class RedisServer : LocalServer
{
    private readonly string _root;
    private readonly IReadOnlyList<string> _options;

    private RedisServer(string root, string folder, int port, IReadOnlyList<string> options)
        : base("Redis", folder, [port]) => (_root, _options) = (root, options);

    public override string Address => $"127.0.0.1:{Ports[0]}";

    protected override ServerCommand Command => new(
        Path.Combine(_root, "run"), ["usr/bin/redis-server", "--port",
            $"{Ports[0]}", "--bind", "127.0.0.1", "--dir", Folder, "--save", "", "--appendonly", "yes", .. _options]);

    /// <summary>Finds the program, downloading it the first time. It does not run yet.</summary>
    /// <param name="folder">Where its data and its log are.</param>
    /// <param name="port">The port; null takes a free one.</param>
    /// <param name="options">Options of redis-server, as in <c>--appendonly</c>, <c>no</c>; they win over those it has
    /// anyway.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="TidelineException">NotFound: Redis cannot be had here.</exception>
    public static async Task<RedisServer> PrepareAsync(
        string folder, int? port = null, IReadOnlyList<string>? options = null, CancellationToken cancel = default) =>
        new(await ServerBinaries.InstallAsync("redis", cancel), folder, port ?? LoopbackPort.Next(), options ?? []);

    /// <summary>Name and version of the server at an address, as in <c>Redis 7.0.15</c>.</summary>
    /// <exception cref="RedisConnectionException">It does not answer.</exception>
    /// <exception cref="RedisServerException">It still reads its data back.</exception>
    public static async Task<string> VersionOfAsync(string address, CancellationToken cancel)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(address).WaitAsync(cancel);
        // It tells its version before it can answer anything else.
        await connection.GetDatabase().PingAsync().WaitAsync(cancel);
        return $"Redis {connection.GetServers()[0].Version}";
    }

    protected override Task<string> AskVersionAsync(CancellationToken cancel) => VersionOfAsync(Address, cancel);
}
