using System.Security.Cryptography;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services;

namespace Tideline.Peers;

/// <summary>
/// Accepts commands that other processes forward to the owner of a shard. A command for a shard that this process does
/// not own is refused, and not forwarded again.
/// </summary>
public sealed class CommandReceiver(GeneralLedger ledger, ServiceCatalog services, Guid secret)
{
    private readonly PeerCommands _commands = new(services, ledger.Map);

    /// <summary>
    /// Whether a sender knows this process's secret. Takes constant time, so that it reveals nothing about a wrong one.
    /// </summary>
    public bool IsPeer(string? sent) => CryptographicOperations.FixedTimeEquals((Guid.TryParse(sent, out var told)
        ? told
        : Guid.Empty).ToByteArray(), secret.ToByteArray()) && secret != Guid.Empty;

    /// <summary>Executes commands for a shard and answers each when it is durable.</summary>
    /// <exception cref="TidelineException">InvalidInput: they cannot be parsed, or belong to another shard; none was
    /// executed.</exception>
    public async Task<ReadOnlyMemory<byte>> AnswerAsync(int shard, ReadOnlyMemory<byte> commands)
    {
        var read = _commands.Read(commands.Span);
        if (shard < 0 || shard >= ledger.Map.Shards || read.Any(command => ShardOf(command) != shard))
            throw new TidelineException(ErrorCode.InvalidInput, $"These commands are not for shard {shard}.");
        var answers = await Task.WhenAll(read.Select(command => AnswerAsync(shard, command)));
        return JsonSerializer.SerializeToUtf8Bytes(answers, PeerJson.Default.PeerAnswerArray);
    }

    // A saga lives on the shard that it began on, whatever its id.
    private int ShardOf(LedgerCommand command) => command is AdvanceSaga move
        ? move.OwnerShard
        : ledger.Map.ShardOf(command.RouteId);

    private async Task<PeerAnswer> AnswerAsync(int shard, LedgerCommand command)
    {
        try
        {
            return ledger.TrySubmitHere(shard, command) is { } here
                ? new PeerAnswer(await here, default, null)
                : new PeerAnswer(null, ErrorCode.NotOwner, ledger.WhyNotOwner(shard));
        }
        catch (TidelineException fault)
        {
            return new PeerAnswer(null, fault.Code, fault.Message);
        }
    }
}
