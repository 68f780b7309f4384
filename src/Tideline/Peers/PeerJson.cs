using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;

namespace Tideline.Peers;

/// <summary>
/// The JSON between processes. Those of two versions talk to each other during an update: fields and names are added,
/// never changed.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition =
        JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true, UseStringEnumConverter = true,
    Converters = [typeof(CurrencyJson)])]
[JsonSerializable(typeof(ClaimName))]
[JsonSerializable(typeof(AbandonClaim))]
[JsonSerializable(typeof(ReleaseClaim))]
[JsonSerializable(typeof(ReserveKey))]
[JsonSerializable(typeof(FenceTime))]
[JsonSerializable(typeof(PayOut))]
[JsonSerializable(typeof(OperatorMove))]
[JsonSerializable(typeof(OperatorLetter))]
[JsonSerializable(typeof(OperatorTransaction))]
[JsonSerializable(typeof(PeerAnswer[]))]
internal sealed partial class PeerJson : JsonSerializerContext;

/// <summary>What an operator has a saga do. The definitions are each process's own.</summary>
internal sealed record OperatorMove(Guid SagaId, int OwnerShard, SagaTrigger Move, SagaVersion Owner);

/// <summary>What an operator has a transaction's saga do.</summary>
internal sealed record OperatorTransaction(Guid SagaId, SagaTrigger Move, TransactionHome Home);

/// <summary>
/// What an operator has become of a dead letter: its message is carried out, or it is given up for a reason.
/// </summary>
internal sealed record OperatorLetter(Guid LetterId, string? Type, byte[]? Data, string? Reason);

/// <summary>What a command came to: its reply, or the fault with its words.</summary>
internal sealed record PeerAnswer(Reply? Reply, ErrorCode Fault, string? Message);
