using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Stores a message that could not be handled as a dead letter among the aggregates: it survives on both engines, and
/// operators find it like a parked saga. The same message is stored once, however often it arrives.
/// </summary>
internal sealed record SetAside(Guid LetterId, SagaLetter Letter) : LedgerCommand
{
    /// <summary>The value of a letter's row in the field that names a saga's definition.</summary>
    public const string Definition = "dead-letter";

    public override Guid RouteId => LetterId;

    internal override Guid Subject => LetterId;

    public static SetAside Of(
        int shard, ShardMap map, Guid sagaId, string? type, ReadOnlySpan<byte> data, string reason)
    {
        var kept = data.Length <= SagaLimits.LetterBytes ? data : data[..SagaLimits.LetterBytes];
        var word =
            type is null ? ""
            : type.Length <= SagaLimits.LetterTypeCharacters ? type
            : type[..SagaLimits.LetterTypeCharacters];
        var id = DerivedId.On(
            shard, map, "saga-letter",
            $"{word}:{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(data))}");
        var why = reason.Length <= SagaLimits.DetailCharacters ? reason : reason[..SagaLimits.DetailCharacters];
        return new SetAside(id, new SagaLetter(sagaId, word, kept.ToArray(), why));
    }

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Aggregates.Add(LetterId);

    internal override Reply Decide(Batch batch)
    {
        var known = batch.Saga(LetterId);
        batch.Put(
            new SagaRow(
                LetterId, Definition, 1, SagaState.SetAside, 0, (known?.Attempts ?? 0) + 1, null,
                JsonSerializer.SerializeToUtf8Bytes(Letter, SagaJson.Default.SagaLetter),
                known?.History ?? "[]"u8.ToArray(), known?.CreatedUs ?? batch.TimeUs, batch.TimeUs));
        return batch.Done(LetterId, 0);
    }
}
