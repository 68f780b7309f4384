using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Moves a saga on, inside the transaction of the shard that owns it: state, outgoing message, timer and history commit together with the effect.
/// </summary>
/// <remarks>
/// <code>
/// Running:       step local?  ──yes─► post ─► next step          Compensating: the same backwards over finished steps
///                    └─no──► message + timer ─► wait for the reply
/// refused before the pivot is done ─► Compensating     view step ─► Completed (the watermark does the rest)
/// </code>
/// </remarks>
internal static class SagaEngine
{
    public const string RequestType = "SAGA_STEP_REQUESTED";
    public const string ReplyType = "SAGA_STEP_REPLIED";

    /// <summary>Goes on from the saga's present step as far as this shard can.</summary>
    public static SagaRow Advance(Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history)
    {
        while (row.State is SagaState.Running or SagaState.Compensating)
        {
            var undo = row.State == SagaState.Compensating;
            var step = definition.Steps[row.Step];
            var posting = (undo ? step.Compensation : step.Forward)?.Invoke(data, row.Id);
            if (posting is null)
            {
                row = Next(row, definition, undo, batch.TimeUs);
                continue;
            }

            var target = batch.Context.Map.ShardOf(posting.AccountId);
            if (target != batch.Context.Shard)
            {
                row = Ask(batch, row, step, target, new SagaRequest(row.Id, batch.Context.Shard, row.Step, undo, Cancel: false, posting, new SagaPins(row.Definition, row.DefinitionVersion, data)));
                break;
            }

            var refusal = SagaPostings.Apply(batch, posting, row.Id);
            var position = new Position(batch.Context.Shard, batch.EventSeq);
            (row, data) = Record(batch, definition, row, data, history, row.Attempts + 1, undo, refusal, position, batch.Account(posting.AccountId)?.PostedMinor ?? 0);
            if (refusal is not null && (undo || row.State != SagaState.Compensating)) break;
        }

        row = row with { Data = JsonSerializer.SerializeToUtf8Bytes(data, SagaJson.Default.SagaData), History = JsonSerializer.SerializeToUtf8Bytes([.. history], SagaJson.Default.SagaHistoryArray), UpdatedUs = batch.TimeUs };
        batch.Put(row);
        return row;
    }

    /// <summary>Takes what a step came to and decides where the saga goes.</summary>
    public static (SagaRow Row, SagaData Data) Record(
        Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history, int attempts, bool undo, Refusal? refusal, Position position, long balanceMinor)
    {
        var step = definition.Steps[row.Step];
        if (refusal is null)
        {
            history.Add(new SagaHistory(step.Name, undo ? "undone" : "done", batch.TimeUs, attempts, null));
            data = data.At(position);
            if (!undo && row.Step == 0) data = data with { BalanceMinor = balanceMinor };
            return (Next(row, definition, undo, batch.TimeUs), data);
        }

        history.Add(new SagaHistory(step.Name, "refused", batch.TimeUs, attempts, refusal.Detail));
        if (undo || row.Step > definition.PivotStep) return (Later(row, step, batch.TimeUs), data);
        data = data with { RefusalReason = refusal.Reason, RefusalDetail = refusal.Detail };
        return (Back(row), data);
    }

    /// <summary>Sets the timer for another try of a local step, or parks the saga when there were enough.</summary>
    public static SagaRow Later(SagaRow row, SagaStep step, long nowUs) => row.Attempts + 1 >= step.Retry.MaxAttempts
        ? row with { State = SagaState.Parked, Attempts = row.Attempts + 1, WakeUs = null }
        : row with { Attempts = row.Attempts + 1, WakeUs = step.Retry.NextUs(nowUs, row.Attempts) };

    private static SagaRow Ask(Batch batch, SagaRow row, SagaStep step, int target, SagaRequest request)
    {
        batch.Send(target, row.Id, RequestType, JsonSerializer.SerializeToUtf8Bytes(request, SagaJson.Default.SagaRequest));
        return row with { Attempts = row.Attempts + 1, WakeUs = step.Retry.NextUs(batch.TimeUs, row.Attempts) };
    }

    private static SagaRow Next(SagaRow row, SagaDefinition definition, bool undo, long nowUs)
    {
        if (undo) return Back(row);
        var step = row.Step + 1;
        row = row with { Step = step, Attempts = 0, WakeUs = null, UpdatedUs = nowUs };
        // A view step writes nothing: the projection's watermark finishes it for all sagas at once.
        return step >= definition.Steps.Count || definition.Steps[step].Forward is null ? row with { State = SagaState.Completed } : row;
    }

    private static SagaRow Back(SagaRow row) => row.Step == 0
        ? row with { State = SagaState.Compensated, Attempts = 0, WakeUs = null }
        : row with { State = SagaState.Compensating, Step = row.Step - 1, Attempts = 0, WakeUs = null };
}
