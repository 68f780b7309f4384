using Tideline.Kernel;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Tools.Servers;

/// <summary>
/// A server that a test has for itself, to kill and to pause. Where it cannot be had the test is skipped and says why.
/// </summary>
internal sealed class OwnServer<TServer> : IAsyncDisposable where TServer : LocalServer
{
    private readonly TemporaryFolder _folder;

    private OwnServer(TemporaryFolder folder, TServer server) => (_folder, Server) = (folder, server);

    public TServer Server { get; }

    /// <summary>Prepares a server in a folder of its own and starts it.</summary>
    public static async Task<OwnServer<TServer>> StartAsync(Func<string, Task<TServer>> prepare)
    {
        OwnServer.SkipWhenEmbedded();
        var folder = new TemporaryFolder("server");
        var own = new OwnServer<TServer>(folder, await PrepareAsync(folder, prepare));
        try
        {
            await own.Server.StartAsync(TestContext.Current.CancellationToken);
            return own;
        }
        catch
        {
            await own.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<TServer> PrepareAsync(TemporaryFolder folder, Func<string, Task<TServer>> prepare)
    {
        try
        {
            return await prepare(Path.Combine(folder.Path, "server"));
        }
        catch (Exception fault)
        {
            folder.Dispose();
            Assert.SkipWhen(fault is TidelineException { Code: ErrorCode.NotFound },
                $"{typeof(TServer).Name} cannot be had here: {fault.Message}");
            throw;
        }
    }
}

/// <summary>What all tests with servers of their own share.</summary>
internal static class OwnServer
{
    /// <summary><c>./tideline test --engines embedded</c> starts no server.</summary>
    public static void SkipWhenEmbedded() => Assert.SkipWhen(
        Environment.GetEnvironmentVariable("TIDELINE_TEST_ENGINES") == "embedded", "left out by --engines embedded");
}
