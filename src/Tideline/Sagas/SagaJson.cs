using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Sagas.Transactions;

namespace Tideline.Sagas;

/// <summary>The JSON of sagas, as stored and as sent.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(SagaData))]
[JsonSerializable(typeof(SagaHistory[]))]
[JsonSerializable(typeof(SagaRequest))]
[JsonSerializable(typeof(SagaReply))]
[JsonSerializable(typeof(SagaLetter))]
[JsonSerializable(typeof(Reservation))]
[JsonSerializable(typeof(TransactionData))]
[JsonSerializable(typeof(TransactionRequest))]
[JsonSerializable(typeof(TransactionReply))]
internal sealed partial class SagaJson : JsonSerializerContext
{
    /// <summary>What a saga moves; null if its row holds no such data.</summary>
    public static SagaData? DataOf(SagaRow row)
    {
        try
        {
            return row.Definition is SetAside.Definition or TransactionSaga.Name
                ? null
                : Read(row.Data, Default.SagaData);
        }
        catch (Exception fault) when (fault is JsonException or TidelineException { Code: ErrorCode.Corrupt })
        {
            return null;
        }
    }

    public static T Read<T>(ReadOnlySpan<byte> json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class =>
        JsonSerializer.Deserialize(json, type)
        ?? throw new TidelineException(ErrorCode.Corrupt, "The saga has no data.");
}

/// <summary>
/// Asks a shard to execute a step. <see cref="Cancel"/> asks it to guarantee that the step will not happen, unless it
/// already has: this is how a deadline ends a step whose outcome is unknown.
/// </summary>
internal sealed record SagaRequest(
    Guid SagaId, int OwnerShard, int Step, bool Cancel, SagaPosting Posting, SagaVersion Owner);

/// <summary>
/// Tells the owner, before it has read the saga, which rows a reply may touch. The reply echoes it; the saga row
/// remains authoritative.
/// </summary>
internal sealed record SagaVersion(string Definition, int Version, SagaData Data)
{
    /// <summary>The version of a saga. The details, which no decision depends on, stay in its row.</summary>
    public static SagaVersion Of(SagaRow row, SagaData data) =>
        new(row.Definition, row.DefinitionVersion, data with { Details = null });
}

/// <summary>The outcome of a step on its shard.</summary>
internal sealed record SagaReply(
    Guid SagaId, int Step, RefusalReason RefusalReason, string? RefusalDetail, Position Position, long BalanceMinor,
    SagaVersion Owner);

/// <summary>A message that could not be handled, with the reason.</summary>
internal sealed record SagaLetter(Guid SagaId, string Type, byte[] Data, string Reason);
