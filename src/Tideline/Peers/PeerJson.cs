using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;

namespace Tideline.Peers;

/// <summary>
/// The JSON between processes. Two program versions exchange it during an update: fields and names may be added, but
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
[JsonSerializable(typeof(StoreAggregateOnce))]
[JsonSerializable(typeof(PayOut))]
[JsonSerializable(typeof(OperatorMove))]
[JsonSerializable(typeof(OperatorLetter))]
[JsonSerializable(typeof(OperatorTransaction))]
[JsonSerializable(typeof(PeerAnswer[]))]
internal sealed partial class PeerJson : JsonSerializerContext;

/// <summary>An operator command for a saga. Each process uses its own definitions.</summary>
internal sealed record OperatorMove(Guid SagaId, int OwnerShard, SagaTrigger Move, SagaVersion Owner);

/// <summary>An operator command for a transaction's saga.</summary>
internal sealed record OperatorTransaction(Guid SagaId, SagaTrigger Move, TransactionHome Home);

/// <summary>An operator command for a dead letter: its message is executed, or it is discarded with a reason.</summary>
internal sealed record OperatorLetter(Guid LetterId, string? Type, byte[]? Data, string? Reason);

/// <summary>The result of a command: its reply, or the fault with its message.</summary>
internal sealed record PeerAnswer(Reply? Reply, ErrorCode Fault, string? Message);
