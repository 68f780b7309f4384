using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;
using Tideline.Services;

namespace Tideline.Peers;

/// <summary>The JSON of commands between processes: <c>[{"deposit":{…}},…]</c>.</summary>
/// <param name="services">The registered services.</param>
/// <param name="map">Maps ids to shards.</param>
internal sealed class PeerCommands(ServiceCatalog services, ShardMap map)
{
    private static readonly CommandKind[] OfTheCore =
    [
        new("claimName", PeerJson.Default.ClaimName), new("abandonClaim", PeerJson.Default.AbandonClaim),
        new("releaseClaim", PeerJson.Default.ReleaseClaim), new("reserveKey", PeerJson.Default.ReserveKey),
        new("fenceTime", PeerJson.Default.FenceTime), new("operatorMove", PeerJson.Default.OperatorMove),
        new("payOut", PeerJson.Default.PayOut), new("operatorLetter", PeerJson.Default.OperatorLetter),
        new("operatorTransaction", PeerJson.Default.OperatorTransaction),
        new("storeAggregateOnce", PeerJson.Default.StoreAggregateOnce),
    ];

    private readonly FrozenDictionary<string, CommandKind> _byName = OfTheCore.Concat(services.Commands)
        .ToFrozenDictionary(kind => kind.Name, StringComparer.Ordinal);

    private readonly FrozenDictionary<Type, CommandKind> _byType = OfTheCore.Concat(services.Commands)
        .ToFrozenDictionary(kind => kind.Json.Type);

    /// <summary>The command types that processes forward; all others are issued only by an owner.</summary>
    public IEnumerable<Type> Types => _byType.Keys;

    public ReadOnlyMemory<byte> Write(IEnumerable<LedgerCommand> commands)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartArray();
        foreach (var command in commands)
        {
            var carried = Carried(command);
            var kind = _byType.GetValueOrDefault(carried.GetType()) ?? throw new TidelineException(
                ErrorCode.Internal, $"Only the owner of a shard may issue {command.GetType().Name}.");
            writer.WriteStartObject();
            writer.WritePropertyName(kind.Name);
            JsonSerializer.Serialize(writer, carried, kind.Json);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <exception cref="TidelineException">InvalidInput: they are not commands, or too many.</exception>
    public IReadOnlyList<LedgerCommand> Read(ReadOnlySpan<byte> json)
    {
        var commands = new List<LedgerCommand>();
        var reader = new Utf8JsonReader(json);
        try
        {
            Expect(ref reader, JsonTokenType.StartArray);
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                if (commands.Count == PeerLimits.BatchCommands) throw new TidelineException(
                    ErrorCode.InvalidInput, $"A request may have at most {PeerLimits.BatchCommands} commands.");
                commands.Add(ReadOne(ref reader));
            }

            return commands;
        }
        catch (JsonException fault)
        {
            throw new TidelineException(ErrorCode.InvalidInput, $"The commands cannot be read: {fault.Message}", fault);
        }
    }

    private LedgerCommand ReadOne(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.PropertyName);
        var name = reader.GetString();
        var kind = _byName.GetValueOrDefault(name ?? "")
            ?? throw new JsonException($"There is no command '{name}'.");
        var carried = JsonSerializer.Deserialize(ref reader, kind.Json);
        Expect(ref reader, JsonTokenType.EndObject);
        return carried switch
        {
            OperatorMove { Move: SagaTrigger.Retry or SagaTrigger.Compensate } move => MoveOf(move),
            OperatorTransaction { Move: SagaTrigger.Retry or SagaTrigger.Compensate } move =>
                new AdvanceTransaction(move.SagaId, move.Move, move.Home, null),
            OperatorLetter letter => new SettleLetter(letter.LetterId, MessageOf(letter), letter.Reason),
            LedgerCommand command => command,
            _ => throw new JsonException($"The content is not a '{name}'."),
        };
    }

    private static object Carried(LedgerCommand command) => command switch
    {
        AdvanceSaga { Move: SagaTrigger.Retry or SagaTrigger.Compensate } move => new OperatorMove(
            move.SagaId, move.OwnerShard, move.Move, move.Owner),
        AdvanceTransaction { Move: SagaTrigger.Retry or SagaTrigger.Compensate } move => new OperatorTransaction(
            move.SagaId, move.Move, move.Home),
        SettleLetter { Message: ExecuteSagaStep step } letter => new OperatorLetter(
            letter.LetterId, SagaEngine.RequestType, JsonSerializer.SerializeToUtf8Bytes(step.Request,
                SagaJson.Default.SagaRequest), letter.Reason),
        SettleLetter { Message: AdvanceSaga { StepReply: { } reply } } letter => new OperatorLetter(
            letter.LetterId, SagaEngine.ReplyType, JsonSerializer.SerializeToUtf8Bytes(reply,
                SagaJson.Default.SagaReply), letter.Reason),
        SettleLetter { Message: ExecuteTransactionStep step } letter => new OperatorLetter(
            letter.LetterId, TransactionRequest.Type, JsonSerializer.SerializeToUtf8Bytes(step.Request,
                SagaJson.Default.TransactionRequest), letter.Reason),
        SettleLetter { Message: AdvanceTransaction { StepReply: { } reply } } letter => new OperatorLetter(
            letter.LetterId, TransactionReply.Type, JsonSerializer.SerializeToUtf8Bytes(reply,
                SagaJson.Default.TransactionReply), letter.Reason),
        SettleLetter { Message: null } letter => new OperatorLetter(letter.LetterId, null, null, letter.Reason),
        _ => command,
    };

    // A command for an unknown saga version must not reach a batch.
    private AdvanceSaga MoveOf(OperatorMove move)
    {
        services.Sagas.Of(move.Owner);
        return new AdvanceSaga(move.SagaId, move.OwnerShard, move.Move, services.Sagas, null, move.Owner);
    }

    private LedgerCommand? MessageOf(OperatorLetter letter) =>
        letter.Type is null ? null : SagaMessages.Read(map.ShardOf(letter.LetterId), map, services.Sagas, letter.Type,
            letter.Data);

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token)
    {
        if (!reader.Read() || reader.TokenType != token) throw new JsonException($"{token} was expected.");
    }
}
