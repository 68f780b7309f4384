using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Advances a saga inside the transaction of the shard that owns it: state, outgoing message, timer and history commit
/// together with the effect.
/// </summary>
/// <remarks>
/// <code>
/// Running:       step local?  ──yes─► post ─► next step
///                    └─no──► message + timer ─► wait for the reply
/// refused before the pivot is done ─► Compensating     view step ─► Completed (the watermark does the rest)
/// Compensating:  reverses finished steps from last to first, all in one commit
///                    └─ what an account cannot take back goes to suspense
/// </code>
/// </remarks>
internal static class SagaEngine
{
    public const string RequestType = "SAGA_STEP_REQUESTED";
    public const string ReplyType = "SAGA_STEP_REPLIED";

    /// <summary>
    /// Begins a saga whose first step is on this shard. If that step is refused, no saga is created and nothing
    /// changes.
    /// </summary>
    public static Refusal? Begin(Batch batch, SagaDefinition definition, Guid id, SagaData data)
    {
        var row = new SagaRow(
            id, definition.Name, definition.Version, SagaState.Running, 0, 0, null, [], [], batch.TimeUs, batch.TimeUs);
        var posting = definition.Steps[0].Forward!(data, id);
        if (SagaPostings.Apply(batch, posting, id, batch.Context.Shard) is { } refusal) return refusal;
        List<SagaHistory> history = [];
        (row, data) = Judged(batch, definition, row, data, history, posting, null);
        Advance(batch, definition, row, data, history);
        return null;
    }

    /// <summary>Continues from the saga's present step as far as this shard can.</summary>
    public static SagaRow Advance(
        Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history)
    {
        while (row.State is SagaState.Running or SagaState.Compensating)
        {
            if (row.State == SagaState.Compensating)
            {
                (row, data) = Undo(batch, definition, row, data, history);
                continue;
            }

            var step = definition.Steps[row.Step];
            if (step.Forward?.Invoke(data, row.Id) is not { } posting)
            {
                row = Next(batch, row, definition, data);
                continue;
            }

            var target = batch.Context.Map.ShardOf(posting.AccountId);
            if (target != batch.Context.Shard)
            {
                var version = SagaVersion.Of(row, data);
                row = Ask(
                    batch, row, step, target,
                    new SagaRequest(row.Id, batch.Context.Shard, row.Step, Cancel: false, posting, version));
                break;
            }

            var refusal = SagaPostings.Apply(batch, posting, row.Id, batch.Context.Shard);
            (row, data) = Judged(batch, definition, row, data, history, posting, refusal);
            if (refusal is not null && row.State != SagaState.Compensating)
                break;
        }

        if (row.State == SagaState.Compensated)
            Payouts.Returned(batch, row.Id, data);
        row = SagaTimers.Write(row, data, history, batch.TimeUs);
        batch.Put(row);
        return row;
    }

    // Records the outcome of a step of this shard.
    private static (SagaRow Row, SagaData Data) Judged(
        Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history,
        SagaPosting posting, Refusal? refusal)
    {
        if (refusal is null && definition.Steps[row.Step].Compensation is not null) Returnables.Add(batch, posting);
        var position = new Position(batch.Context.Shard, batch.EventSeq);
        var balance = batch.Account(posting.AccountId)?.PostedMinor ?? 0;
        return Record(batch, definition, row, data, history, row.Attempts + 1, refusal, position, balance);
    }

    /// <summary>Records the outcome of a step and decides how the saga continues.</summary>
    public static (SagaRow Row, SagaData Data) Record(
        Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history, int attempts,
        Refusal? refusal, Position position, long balanceMinor)
    {
        var step = definition.Steps[row.Step];
        if (refusal is null)
        {
            history.Add(new SagaHistory(step.Name, "done", batch.TimeUs, attempts, null));
            data = data.At(position);
            if (row.Step == 0)
                data = data with { BalanceMinor = balanceMinor };
            return (Next(batch, row, definition, data), data);
        }

        history.Add(new SagaHistory(step.Name, "refused", batch.TimeUs, attempts, refusal.Detail));
        if (row.Step > definition.PivotStep)
            return (Later(row, step, batch.TimeUs), data);
        data = data with { RefusalReason = refusal.Reason, RefusalDetail = refusal.Detail };
        return (Back(row, data), data);
    }

    // Sets the timer for a retry of a local step past the pivot, or parks the saga if its attempts are used up.
    private static SagaRow Later(SagaRow row, SagaStep step, long nowUs) =>
        row.Attempts + 1 >= step.Retry.MaxAttempts
            ? row with
            {
                State = SagaState.Parked,
                Attempts = row.Attempts + 1,
                WakeUs = null,
            }
            : row with
            {
                Attempts = row.Attempts + 1,
                WakeUs = step.Retry.NextUs(nowUs, row.Attempts),
            };

    // A step with a compensation runs on the owner's shard, so the compensation is part of this commit and cannot be
    // refused.
    private static (SagaRow Row, SagaData Data) Undo(
        Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history)
    {
        var step = definition.Steps[row.Step];
        if (step.Compensation?.Invoke(data, row.Id) is { } posting)
        {
            if (batch.Context.Map.ShardOf(posting.AccountId) != batch.Context.Shard)
                throw new TidelineException(
                    ErrorCode.Internal,
                    $"Step {step.Name} of saga {row.Id} would be compensated on a shard other than its saga's.");
            var refusal = SagaPostings.Apply(batch, posting, row.Id, batch.Context.Shard);
            if (refusal is not null)
                SagaPostings.Suspend(batch, posting, row.Id);
            history.Add(
                new SagaHistory(
                    step.Name, refusal is null ? "undone" : "suspended", batch.TimeUs, row.Attempts, refusal?.Detail));
            if (refusal is not null && !SagaPostings.IsSuspense(posting, batch.Context))
                data = data with { SuspenseReason = refusal.Detail };
            Returnables.Release(batch, step.Forward!(data, row.Id));
            data = data.At(new Position(batch.Context.Shard, batch.EventSeq));
        }

        return (Back(row, data), data);
    }

    private static SagaRow Ask(Batch batch, SagaRow row, SagaStep step, int target, SagaRequest request)
    {
        batch.Send(
            target, row.Id, RequestType, JsonSerializer.SerializeToUtf8Bytes(request, SagaJson.Default.SagaRequest));
        return row with { Attempts = row.Attempts + 1, WakeUs = step.Retry.NextUs(batch.TimeUs, row.Attempts) };
    }

    private static SagaRow Next(Batch batch, SagaRow row, SagaDefinition definition, SagaData data)
    {
        if (row.Step == definition.PivotStep)
        {
            // Past the pivot nothing can return to the accounts: release their claims.
            for (var done = 0; done < row.Step; done++)
            {
                if (definition.Steps[done].Compensation is not null)
                    Returnables.Release(batch, definition.Steps[done].Forward!(data, row.Id));
            }
        }

        var step = row.Step + 1;
        row = row with { Step = step, Attempts = 0, WakeUs = null, UpdatedUs = batch.TimeUs };
        // A view step writes nothing: the projection's watermark finishes it for all sagas at once.
        return step >= definition.Steps.Count || definition.Steps[step].Forward is null
            ? row with
            {
                State = SagaState.Completed,
            }
            : row;
    }

    private static SagaRow Back(SagaRow row, SagaData data) =>
        row.Step > 0
            ? row with
            {
                State = SagaState.Compensating,
                Step = row.Step - 1,
                Attempts = 0,
                WakeUs = null,
            }
            : row with
            {
                State = data.SuspenseReason is null ? SagaState.Compensated : SagaState.Suspended,
                Attempts = 0,
                WakeUs = null,
            };
}
