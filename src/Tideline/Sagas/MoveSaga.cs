using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>Why a saga is looked at.</summary>
internal enum SagaMove
{
    /// <summary>A reply came.</summary>
    Reply,

    /// <summary>Its timer went off.</summary>
    Wake,

    /// <summary>An operator has it tried again.</summary>
    Retry,

    /// <summary>An operator has it undone.</summary>
    Compensate,
}

/// <summary>Moves a saga on its owner's shard.</summary>
internal sealed record MoveSaga(Guid SagaId, int OwnerShard, SagaMove Move, SagaDefinitions Definitions, SagaReply? StepReply, SagaPins Owner) : LedgerCommand
{
    public static MoveSaga Of(SagaRow known, int shard, SagaMove move, SagaDefinitions definitions) => new(
        known.Id, shard, move, definitions, null, new SagaPins(known.Definition, known.DefinitionVersion, SagaJson.Read(known.Data, SagaJson.Default.SagaData)));

    public override Guid RouteId => SagaId;

    internal override Guid Subject => SagaId;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Sagas.Add(SagaId);
        // The accounts that its local steps may touch, whichever step it turns out to be at.
        foreach (var step in Definitions.Of(Owner).Steps)
        {
            if (step.Forward is { } forward) Collect(forward(Owner.Data, SagaId), keys, context);
            if (step.Compensation is { } compensation) Collect(compensation(Owner.Data, SagaId), keys, context);
        }
    }

    internal override Reply Decide(Batch batch)
    {
        if (!batch.Rows.Sagas.TryGetValue(SagaId, out var row)) return batch.Refuse(RefusalReason.SagaNotFound, $"There is no saga {SagaId}.", SagaId);
        var definition = Definitions.Of(row);
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        List<SagaHistory> history = [.. SagaJson.Read(row.History, SagaJson.Default.SagaHistoryArray)];
        switch (Move)
        {
            case SagaMove.Reply:
                // A reply to a step that the saga has left already is a repeat.
                var undo = row.State == SagaState.Compensating;
                if (row.State is not (SagaState.Running or SagaState.Compensating) || row.Step != StepReply!.Step || undo != StepReply.Undo) return batch.Done(SagaId, 0);
                var refusal = StepReply.RefusalReason == 0 ? null : new Refusal(StepReply.RefusalReason, StepReply.RefusalDetail ?? "");
                (row, data) = SagaEngine.Record(batch, definition, row, data, history, row.Attempts, undo, refusal, StepReply.Position, StepReply.BalanceMinor);
                if (row.State == SagaState.Parked || row.WakeUs is not null) return Keep(batch, row, data, history);
                break;
            case SagaMove.Wake:
                if (row.State is not (SagaState.Running or SagaState.Compensating) || row.WakeUs is null || row.WakeUs > batch.TimeUs) return batch.Done(SagaId, 0);
                if (SagaTimers.DeadlinePassed(definition, row, batch.TimeUs)) return Cancel(batch, definition, row, data, history);
                if (row.Attempts < definition.Steps[row.Step].Retry.MaxAttempts) break;
                return Keep(batch, row with { State = SagaState.Parked, WakeUs = null }, data, history);
            default:
                if (row.State != SagaState.Parked) return batch.Refuse(RefusalReason.SagaNotParked, $"Saga {SagaId} is not parked; there is nothing for an operator to do.", SagaId);
                history.Add(new SagaHistory(definition.Steps[row.Step].Name, Move == SagaMove.Retry ? "operator-retry" : "operator-compensate", batch.TimeUs, row.Attempts, null));
                // What was being undone goes on being undone, whoever asks: the reason for it stands in the data.
                var wasGoingBack = data.RefusalReason != 0;
                if (Move == SagaMove.Compensate && !wasGoingBack && row.Step > definition.PivotStep)
                    return batch.Refuse(RefusalReason.SagaNotParked, $"Saga {SagaId} is past its pivot; it can only be retried.", SagaId);
                row = row with { State = wasGoingBack ? SagaState.Compensating : SagaState.Running, Attempts = 0, WakeUs = null };
                // The step's fate is unknown: only its own shard can promise that it will not happen.
                if (Move == SagaMove.Compensate && !wasGoingBack) return Cancel(batch, definition, row, data, history);
                break;
        }

        return Keep(batch, row, data, history, definition);
    }

    private static void Collect(SagaPosting posting, BatchKeys keys, ShardContext context)
    {
        if (context.Map.ShardOf(posting.AccountId) == context.Shard) SagaPostings.Collect(posting, keys, context);
    }

    private Reply Keep(Batch batch, SagaRow row, SagaData data, List<SagaHistory> history, SagaDefinition? advance = null)
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
        var request = new SagaRequest(row.Id, batch.Context.Shard, row.Step, Undo: false, Cancel: true, posting, Owner);
        batch.Send(batch.Context.Map.ShardOf(posting.AccountId), row.Id, SagaEngine.RequestType, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(request, SagaJson.Default.SagaRequest));
        return Keep(batch, row with { WakeUs = definition.Steps[row.Step].Retry.NextUs(batch.TimeUs, row.Attempts) }, data, history);
    }
}
