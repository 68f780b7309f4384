using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Sagas;

/// <summary>The JSON of sagas, as stored and as sent.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(SagaData))]
[JsonSerializable(typeof(SagaHistory[]))]
[JsonSerializable(typeof(SagaRequest))]
[JsonSerializable(typeof(SagaReply))]
internal sealed partial class SagaJson : JsonSerializerContext
{
    public static T Read<T>(ReadOnlySpan<byte> json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class => JsonSerializer.Deserialize(json, type) ?? throw new TidelineException(ErrorCode.Corrupt, "A saga without data.");
}

/// <summary>
/// Asks a shard to do a step (or its undoing). <see cref="Cancel"/> asks it to promise instead that the step will not happen, unless it has: how a
/// deadline ends a step whose fate is unknown.
/// </summary>
internal sealed record SagaRequest(Guid SagaId, int OwnerShard, int Step, bool Undo, bool Cancel, SagaPosting Posting, SagaPins Owner);

/// <summary>What the owner needs to know, before it has read the saga, of which rows a reply may touch. The reply echoes it; the saga row stays the truth.</summary>
internal sealed record SagaPins(string Definition, int Version, SagaData Data);

/// <summary>What the step came to on its shard.</summary>
internal sealed record SagaReply(Guid SagaId, int Step, bool Undo, RefusalReason RefusalReason, string? RefusalDetail, Position Position, long BalanceMinor, SagaPins Owner);
