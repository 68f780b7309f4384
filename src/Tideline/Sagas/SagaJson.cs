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
    /// <summary>What a saga moves; null where its row holds none, or something else.</summary>
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
        ?? throw new TidelineException(ErrorCode.Corrupt, "A saga without data.");
}

/// <summary>
/// Asks a shard to do a step. <see cref="Cancel"/> asks it to promise instead that the step will not happen, unless it
/// has: how a
/// deadline ends a step whose fate is unknown.
/// </summary>
internal sealed record SagaRequest(
    Guid SagaId, int OwnerShard, int Step, bool Cancel, SagaPosting Posting, SagaVersion Owner);

/// <summary>
/// What the owner needs to know, before it has read the saga, of which rows a reply may touch. The reply echoes it; the
/// saga row stays the truth.
/// </summary>
internal sealed record SagaVersion(string Definition, int Version, SagaData Data)
{
    /// <summary>The version of a saga. The details, which decide nothing, stay in its row.</summary>
    public static SagaVersion Of(SagaRow row, SagaData data) =>
        new(row.Definition, row.DefinitionVersion, data with { Details = null });
}

/// <summary>What the step came to on its shard.</summary>
internal sealed record SagaReply(
    Guid SagaId, int Step, RefusalReason RefusalReason, string? RefusalDetail, Position Position, long BalanceMinor,
    SagaVersion Owner);

/// <summary>A message that could not be handled, as it came, and why.</summary>
internal sealed record SagaLetter(Guid SagaId, string Type, byte[] Data, string Reason);
