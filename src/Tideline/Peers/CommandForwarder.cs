using Tideline.Ledger;
using Tideline.Services;

namespace Tideline.Peers;

/// <summary>
/// Has every process answer every command: what is for a shard that another one owns goes there. One queue a shard.
/// </summary>
public sealed class CommandForwarder : IAsyncDisposable
{
    private readonly RemoteShard[] _shards;

    /// <summary>Begins to forward for a ledger.</summary>
    /// <param name="ledger">The ledger of this process.</param>
    /// <param name="services">The services, whose commands it forwards.</param>
    /// <param name="carry">How commands get to an owner.</param>
    /// <param name="secret">This process's own, so that it never sends to itself.</param>
    /// <param name="time">The clock.</param>
    public CommandForwarder(
        GeneralLedger ledger, ServiceCatalog services, CommandTransport carry, Guid secret, TimeProvider time)
    {
        var commands = new PeerCommands(services, ledger.Map);
        _shards = [.. Enumerable.Range(0, ledger.Map.Shards)
            .Select(shard => new RemoteShard(shard, ledger, commands, carry, secret, time))];
        ledger.ForwardWith((shard, command) => _shards[shard].Submit(command));
    }

    /// <summary>What waits still is told that the program shuts down.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var shard in _shards) await shard.DisposeAsync();
    }
}
