using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Settles a dead letter for an operator: executes its command (<paramref name="Message"/>), or discards it with a
/// stored reason. One commit does it, so that a letter is neither handled twice nor lost.
/// </summary>
internal sealed record SettleLetter(Guid LetterId, LedgerCommand? Message, string? Reason) : LedgerCommand
{
    public override Guid RouteId => LetterId;

    internal override Guid Subject => LetterId;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Aggregates.Add(LetterId);
        Message?.Collect(keys, context);
    }

    internal override Reply Decide(Batch batch)
    {
        if (batch.Saga(LetterId) is not { } row || row.State != SagaState.SetAside)
            return batch.Refuse(RefusalReason.DeadLetterNotFound, $"There is no dead letter {LetterId}.", LetterId);
        if (
            Message is not null
            && Message.Decide(batch) is { Refusal: { } refusal }
            && SagaRunner.IsToSetAside(refusal))
            return batch.Refuse(refusal.Reason, refusal.Detail, LetterId);
        SagaHistory[] history =
        [
            .. SagaJson.Read(row.History, SagaJson.Default.SagaHistoryArray),
            new(SetAside.Definition, Message is null ? "discarded" : "replayed", batch.TimeUs, row.Attempts, Reason),
        ];
        batch.Put(
            row with
            {
                State = SagaState.Completed,
                History = JsonSerializer.SerializeToUtf8Bytes(history, SagaJson.Default.SagaHistoryArray),
                UpdatedUs = batch.TimeUs,
            });
        return batch.Done(LetterId, 0);
    }
}
