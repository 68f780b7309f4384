#pragma warning disable CA2000 // The process lives as long as the scenario; DisposeAsync ends it.
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Scenarios;

/// <summary>The real program in its own process with funded accounts, as the scenarios over HTTP need it.</summary>
internal sealed class RealProgram : IAsyncDisposable
{
    private const int Connections = 64;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Installation _installation;

    private RealProgram(Installation installation, ServerProcess server, TimeSpan ready, AccountSet accounts) =>
        (_installation, Server, Ready, Accounts) = (installation, server, ready, accounts);

    public ServerProcess Server { get; }

    public int Port => Server.Port;

    /// <summary>From the start of the process to its first answer.</summary>
    public TimeSpan Ready { get; }

    public AccountSet Accounts { get; }

    /// <exception cref="IOException">The program ended or refused its accounts.</exception>
    public static async Task<RealProgram> StartAsync(ScenarioContext context, int accounts)
    {
        var options = context.Options;
        var installation = context.Install("data");
        var server = ServerProcess.Start(HostProgram.Find(options.HostPath), installation, LoopbackPort.Next());
        try
        {
            var ready = await server.WaitReadyAsync(StartLimit, context.Cancel)
                ?? throw new IOException($"The program ended before it answered. It said:\n{server.LastWords}");
            ScenarioContext.Say($"opening {accounts:#,0} accounts");
            return new RealProgram(installation, server, ready, await HttpLoad.OpenAccountsAsync(
                server.Port, accounts, options.Shards, Connections, new SeededRandom(1), context.Cancel));
        }
        catch
        {
            server.Dispose();
            await installation.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync(StartLimit);
        Server.Dispose();
        await _installation.DisposeAsync();
    }
}
