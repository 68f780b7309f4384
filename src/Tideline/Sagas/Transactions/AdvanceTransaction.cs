using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas.Transactions;

/// <summary>Advances a transaction's saga on its owner's shard.</summary>
internal sealed record AdvanceTransaction(
    Guid SagaId, SagaTrigger Move, TransactionHome Home, TransactionReply? StepReply) : LedgerCommand
{
    /// <summary>The command for a stored saga.</summary>
    /// <exception cref="TidelineException">Corrupt: its row cannot be read.</exception>
    public static AdvanceTransaction Of(SagaRow row, int shard, ShardMap map, SagaTrigger move) =>
        new(row.Id, move, TransactionHome.Of(TransactionSaga.Read(row).Order, map, shard), null);

    public override Guid RouteId => SagaId;

    internal override Guid Subject => SagaId;

    internal override void Collect(BatchKeys keys, ShardContext context) => Home.Collect(SagaId, keys, context);

    internal override Reply Decide(Batch batch)
    {
        if (batch.Saga(SagaId) is not { Definition: TransactionSaga.Name } row)
            return batch.Refuse(RefusalReason.SagaNotFound, $"There is no saga {SagaId} of a transaction.", SagaId);
        var data = TransactionSaga.Read(row);
        // The batch read the rows of this home: other rows were not read and must not be decided on.
        if (!Home.IsSame(TransactionHome.Of(data.Order, batch.Context.Map, batch.Context.Shard)))
            return batch.Refuse(
                RefusalReason.StepConflict, $"Saga {SagaId} differs from the transaction in the message.", SagaId);
        List<SagaHistory> history = [.. SagaJson.Read(row.History, SagaJson.Default.SagaHistoryArray)];
        return Move switch
        {
            SagaTrigger.Reply => Answered(batch, row, data, history),
            SagaTrigger.Wake => Woken(batch, row, data, history),
            _ => Ordered(batch, row, data, history),
        };
    }

    private Reply Answered(Batch batch, SagaRow row, TransactionData data, List<SagaHistory> history)
    {
        // A reply to an action that is no longer in progress is a repeat. A saga that was parked meanwhile continues.
        if (!row.State.IsUnfinished() || StepReply!.Action != data.ActionAt(row.Step)
            || !data.Waiting.Contains(StepReply.Shard))
            return batch.Done(SagaId, 0);
        data = data.At(StepReply.Position) with
        {
            Waiting = [.. data.Waiting.Where(shard => shard != StepReply.Shard)],
        };
        if (StepReply.Reason != 0)
            return Release(batch, row, data, history, new Refusal(StepReply.Reason, StepReply.Detail ?? ""));
        if (data.Waiting.Length == 0) return Next(batch, row, data, history);
        var state = data.RefusalReason == 0 ? SagaState.Running : SagaState.Compensating;
        var wakeUs = row.WakeUs ?? RetryPolicy.Default.NextUs(batch.TimeUs, 0);
        TransactionSaga.Keep(batch, row with { State = state, WakeUs = wakeUs }, data, history);
        return batch.Done(SagaId, 0);
    }

    // All shards have answered.
    private Reply Next(Batch batch, SagaRow row, TransactionData data, List<SagaHistory> history)
    {
        var action = data.ActionAt(row.Step);
        history.Add(new SagaHistory(WordOf(action), "done", batch.TimeUs, row.Attempts, null));
        if (action != TransactionAction.Reserve)
        {
            var end = action == TransactionAction.Post ? SagaState.Completed : SagaState.Compensated;
            TransactionSaga.Keep(batch, row with { State = end, Attempts = 0, WakeUs = null }, data, history);
            return batch.Done(SagaId, 0);
        }

        // The pivot: what is booked here cannot be reversed, and all other shards must follow.
        if (Reservations.Find(batch, SagaId) is not var (_, reservation)
            || Reservations.Post(batch, reservation) is not null)
            throw new TidelineException(
                ErrorCode.Internal, $"What saga {SagaId} has reserved on its own shard cannot be booked.");
        data = data.At(new Position(batch.Context.Shard, batch.EventSeq)) with
        {
            Waiting = TransactionSaga.Others(data.Order, batch.Context.Map, batch.Context.Shard),
        };
        TransactionSaga.Ask(batch, row with { Step = 1, Attempts = 0 }, data, history);
        return batch.Done(SagaId, 0);
    }

    private Reply Release(
        Batch batch, SagaRow row, TransactionData data, List<SagaHistory> history, Refusal why)
    {
        history.Add(new SagaHistory("reserve", "refused", batch.TimeUs, row.Attempts, why.Detail));
        if (Reservations.Find(batch, SagaId) is var (local, reservation) && local.State == Reservation.Reserved)
            Reservations.Release(batch, reservation);
        // The shard that refused has nothing to release.
        var refused = StepReply?.Shard;
        data = data.At(new Position(batch.Context.Shard, batch.EventSeq)) with
        {
            RefusalReason = why.Reason,
            RefusalDetail = why.Detail,
            Waiting =
            [
                .. TransactionSaga.Others(data.Order, batch.Context.Map, batch.Context.Shard)
                    .Where(shard => shard != refused),
            ],
        };
        row = row with { Attempts = 0 };
        if (data.Waiting.Length == 0) return Next(batch, row, data, history);
        TransactionSaga.Ask(batch, row, data, history);
        return batch.Done(SagaId, 0);
    }

    private Reply Woken(Batch batch, SagaRow row, TransactionData data, List<SagaHistory> history)
    {
        if (row.State is not (SagaState.Running or SagaState.Compensating)
            || row.WakeUs is null || row.WakeUs > batch.TimeUs)
            return batch.Done(SagaId, 0);
        if (data.ActionAt(row.Step) == TransactionAction.Reserve
            && SagaTimers.DeadlinePassed(TransactionSaga.Version1, row, batch.TimeUs))
            return Release(
                batch, row, data, history,
                new Refusal(RefusalReason.DeadlinePassed, "Not all shards reserved their part in time."));
        if (row.Attempts < RetryPolicy.Default.MaxAttempts) TransactionSaga.Ask(batch, row, data, history);
        else TransactionSaga.Keep(batch, row with { State = SagaState.Parked, WakeUs = null }, data, history);
        return batch.Done(SagaId, 0);
    }

    private Reply Ordered(Batch batch, SagaRow row, TransactionData data, List<SagaHistory> history)
    {
        if (row.State != SagaState.Parked)
            return batch.Refuse(
                RefusalReason.SagaNotParked, $"Saga {SagaId} is not parked; there is nothing for an operator to do.",
                SagaId);
        var action = data.ActionAt(row.Step);
        if (Move == SagaTrigger.Compensate && action == TransactionAction.Post)
            return batch.Refuse(
                RefusalReason.SagaNotParked, $"Saga {SagaId} is past its pivot; it can only be retried.", SagaId);
        var what = Move == SagaTrigger.Retry ? "operator-retry" : "operator-compensate";
        history.Add(new SagaHistory(WordOf(action), what, batch.TimeUs, row.Attempts, null));
        row = row with { Attempts = 0 };
        if (Move == SagaTrigger.Compensate && action == TransactionAction.Reserve)
            return Release(
                batch, row, data, history,
                new Refusal(RefusalReason.DeadlinePassed, "An operator cancelled the transaction."));
        TransactionSaga.Ask(batch, row, data, history);
        return batch.Done(SagaId, 0);
    }

    private static string WordOf(TransactionAction action) => action switch
    {
        TransactionAction.Reserve => "reserve",
        TransactionAction.Post => "post",
        _ => "release",
    };
}
