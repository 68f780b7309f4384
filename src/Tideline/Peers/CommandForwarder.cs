using Tideline.Ledger;
using Tideline.Services;

namespace Tideline.Peers;

/// <summary>
/// Lets every process accept every command: a command for a shard of another process is forwarded to that process.
/// There is one queue per shard.
/// </summary>
public sealed class CommandForwarder : IAsyncDisposable
{
    private readonly RemoteShard[] _shards;

    /// <summary>Starts to forward for a ledger.</summary>
    /// <param name="ledger">The ledger of this process.</param>
    /// <param name="services">The services, whose commands it forwards.</param>
    /// <param name="carry">Sends commands to an owner.</param>
    /// <param name="secret">This process's own secret, so that it never forwards to itself.</param>
    /// <param name="time">The clock.</param>
    public CommandForwarder(
        GeneralLedger ledger, ServiceCatalog services, CommandTransport carry, Guid secret, TimeProvider time)
    {
        var commands = new PeerCommands(services, ledger.Map);
        _shards = [.. Enumerable.Range(0, ledger.Map.Shards)
            .Select(shard => new RemoteShard(shard, ledger, commands, carry, secret, time))];
        ledger.ForwardWith((shard, command) => _shards[shard].Submit(command));
    }

    /// <summary>Commands that still wait fail with ShuttingDown.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var shard in _shards) await shard.DisposeAsync();
    }
}
