using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>What triggered a step of a saga.</summary>
internal enum SagaTrigger
{
    /// <summary>A reply arrived.</summary>
    Reply,

    /// <summary>Its timer fired.</summary>
    Wake,

    /// <summary>An operator retries it.</summary>
    Retry,

    /// <summary>An operator compensates it.</summary>
    Compensate,
}

/// <summary>Advances a saga on its owner's shard.</summary>
internal sealed record AdvanceSaga(
    Guid SagaId, int OwnerShard, SagaTrigger Move, SagaDefinitions Definitions, SagaReply? StepReply,
    SagaVersion Owner) : LedgerCommand
{
    /// <summary>The command for a stored saga.</summary>
    /// <exception cref="TidelineException">Corrupt or IncompatibleData: this program cannot read it.</exception>
    public static AdvanceSaga Of(SagaRow known, int shard, SagaTrigger move, SagaDefinitions definitions)
    {
        definitions.Of(known);
        if (SagaJson.DataOf(known) is not { } data || !Currency.TryParse(data.Currency, out _))
            throw new TidelineException(ErrorCode.Corrupt, $"Saga {known.Id} of shard {shard} cannot be read.");
        return new AdvanceSaga(
            known.Id, shard, move, definitions, null, SagaVersion.Of(known, data));
    }

    public override Guid RouteId => SagaId;

    internal override Guid Subject => SagaId;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Aggregates.Add(SagaId);
        if (Owner.Data.Origin is { } origin)
            keys.Aggregates.Add(origin);
        // The accounts that its local steps may touch, whichever step it is at. A reply of success compensates nothing.
        var mayUndo = StepReply is not { RefusalReason: 0 };
        foreach (var step in Definitions.Of(Owner).Steps)
        {
            if (step.Forward?.Invoke(Owner.Data, SagaId) is { } forward && IsHere(forward, context))
                SagaPostings.Collect(forward, context.Shard, keys, context);
            if (mayUndo && step.Compensation?.Invoke(Owner.Data, SagaId) is { } undo && IsHere(undo, context))
                SagaPostings.CollectUndo(undo, SagaId, context.Shard, keys, context);
        }
    }

    internal override Reply Decide(Batch batch)
    {
        if (batch.Saga(SagaId) is not { } row)
            return batch.Refuse(RefusalReason.SagaNotFound, $"There is no saga {SagaId}.", SagaId);
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        // The batch read the rows of this saga version: rows of another version were not read and must not be decided
        // on.
        if (
            row.Definition != Owner.Definition
            || row.DefinitionVersion != Owner.Version
            || !data.IsSameMovement(Owner.Data))
            return batch.Refuse(
                RefusalReason.StepConflict,
                    $"Saga {SagaId} has a different movement from the one in the message.", SagaId);
        var definition = Definitions.Of(row);
        List<SagaHistory> history = [.. SagaJson.Read(row.History, SagaJson.Default.SagaHistoryArray)];
        return Move switch
        {
            SagaTrigger.Reply => Answered(batch, definition, row, data, history),
            SagaTrigger.Wake => Woken(batch, definition, row, data, history),
            _ => Ordered(batch, definition, row, data, history),
        };
    }

    private Reply Answered(
        Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history)
    {
        // A reply to a step that the saga has already left is a repeat. A saga that was parked meanwhile continues,
        // since this is the reply that it waits for.
        if (row.State is not (SagaState.Running or SagaState.Parked) || row.Step != StepReply!.Step)
            return batch.Done(SagaId, 0);
        var refusal =
            StepReply.RefusalReason == 0 ? null : new Refusal(StepReply.RefusalReason, StepReply.RefusalDetail ?? "");
        row = row with { State = SagaState.Running };
        (row, data) = SagaEngine.Record(
            batch, definition, row, data, history, row.Attempts, refusal, StepReply.Position, StepReply.BalanceMinor);
        if (row.State == SagaState.Parked || row.WakeUs is not null)
            return Keep(batch, row, data, history);
        return Keep(batch, row, data, history, definition);
    }

    private Reply Woken(Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history)
    {
        if (row.State != SagaState.Running || row.WakeUs is null || row.WakeUs > batch.TimeUs)
            return batch.Done(SagaId, 0);
        if (SagaTimers.DeadlinePassed(definition, row, batch.TimeUs))
            return Cancel(batch, definition, row, data, history);
        return row.Attempts < definition.Steps[row.Step].Retry.MaxAttempts
            ? Keep(batch, row, data, history, definition)
            : Keep(batch, row with { State = SagaState.Parked, WakeUs = null }, data, history);
    }

    private Reply Ordered(Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history)
    {
        if (row.State != SagaState.Parked)
            return batch.Refuse(
                RefusalReason.SagaNotParked, $"Saga {SagaId} is not parked; there is nothing for an operator to do.",
                SagaId);
        if (Move == SagaTrigger.Compensate && row.Step > definition.PivotStep)
            return batch.Refuse(
                RefusalReason.SagaNotParked, $"Saga {SagaId} is past its pivot; it can only be retried.", SagaId);
        var what = Move == SagaTrigger.Retry ? "operator-retry" : "operator-compensate";
        history.Add(new SagaHistory(definition.Steps[row.Step].Name, what, batch.TimeUs, row.Attempts, null));
        row = row with { State = SagaState.Running, Attempts = 0, WakeUs = null };
        // The step's outcome is unknown: only its own shard can guarantee that it will not happen.
        return Move == SagaTrigger.Compensate
            ? Cancel(batch, definition, row, data, history)
            : Keep(batch, row, data, history, definition);
    }

    private static bool IsHere(SagaPosting posting, ShardContext context) =>
        context.Map.ShardOf(posting.AccountId) == context.Shard;

    private Reply Keep(
        Batch batch, SagaRow row, SagaData data, List<SagaHistory> history, SagaDefinition? advance = null)
    {
        if (advance is not null)
        {
            SagaEngine.Advance(batch, advance, row, data, history);
        }
        else
        {
            batch.Put(SagaTimers.Write(row, data, history, batch.TimeUs));
        }

        return batch.Done(SagaId, data.BalanceMinor);
    }

    private Reply Cancel(Batch batch, SagaDefinition definition, SagaRow row, SagaData data, List<SagaHistory> history)
    {
        var posting = definition.Steps[row.Step].Forward!(data, row.Id);
        var request = new SagaRequest(row.Id, batch.Context.Shard, row.Step, Cancel: true, posting, Owner);
        batch.Send(
            batch.Context.Map.ShardOf(posting.AccountId), row.Id, SagaEngine.RequestType,
            JsonSerializer.SerializeToUtf8Bytes(request, SagaJson.Default.SagaRequest));
        var wakeUs = definition.Steps[row.Step].Retry.NextUs(batch.TimeUs, row.Attempts);
        return Keep(batch, row with { WakeUs = wakeUs }, data, history);
    }
}
