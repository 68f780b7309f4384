using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas.Transactions;

/// <summary>
/// Performs an action on a shard's part of a transaction, once, and sends the reply in the same commit. The reservation
/// records what was done: a repeat only replies again.
/// </summary>
internal sealed record ExecuteTransactionStep(TransactionRequest Request) : LedgerCommand
{
    public override Guid RouteId =>
        Request.Part.Legs is [var leg, ..] ? leg.AccountId : Request.Part.Conditions[0].AccountId;

    internal override Guid Subject => Request.SagaId;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Aggregates.Add(Reservation.IdOf(Request.SagaId, context.Shard, context.Map));
        keys.Transactions.Add(Request.SagaId);
        Request.Part.Collect(keys, context, Request.Owner);
    }

    internal override Reply Decide(Batch batch)
    {
        var known = Reservations.Find(batch, Request.SagaId);
        if (known is var (_, said) && (said.Owner != Request.Owner || !IsSame(said.Part, Request.Part)))
            return Conflict(batch, "has another part here");
        var (done, refusal) = Request.Action switch
        {
            TransactionAction.Reserve => known is null ? Reserve(batch) : Known(known.Value.Said),
            TransactionAction.Post => Post(batch, known),
            _ => Release(batch, known),
        };
        if (!done) return Conflict(batch, $"is {known?.Row.State ?? "not reserved"} here");
        var seq = Reservations.Find(batch, Request.SagaId)!.Value.Said.Seq;
        var reply = new TransactionReply(
            Request.SagaId, batch.Context.Shard, Request.Action, refusal?.Reason ?? 0, refusal?.Detail,
            new Position(batch.Context.Shard, seq), Request.Home);
        batch.Send(
            Request.Owner, Request.SagaId, TransactionReply.Type,
            JsonSerializer.SerializeToUtf8Bytes(reply, SagaJson.Default.TransactionReply));
        return batch.Done(Request.SagaId, 0);
    }

    private (bool Done, Refusal? Refusal) Reserve(Batch batch)
    {
        if (Reservations.Reserve(batch, Request.SagaId, Request.Owner, Request.Part) is not { } refusal)
            return (true, null);
        Reservations.Refuse(batch, Request.SagaId, Request.Owner, Request.Part, refusal, Reservation.Refused);
        return (true, refusal);
    }

    private static (bool Done, Refusal? Refusal) Known(Reservation said) =>
        (true, said.Reason == 0 ? null : new Refusal(said.Reason, said.Detail ?? ""));

    private static (bool Done, Refusal? Refusal) Post(Batch batch, (AggregateRow Row, Reservation Said)? known) =>
        known?.Row.State switch
        {
            Reservation.Posted => (true, null),
            Reservation.Reserved => (Reservations.Post(batch, known.Value.Said) is null, null),
            _ => (false, null),
        };

    private (bool Done, Refusal? Refusal) Release(Batch batch, (AggregateRow Row, Reservation Said)? known)
    {
        switch (known?.Row.State)
        {
            case null:
                var never = new Refusal(RefusalReason.DeadlinePassed, "The transaction was cancelled before.");
                Reservations.Refuse(
                    batch, Request.SagaId, Request.Owner, Request.Part, never, Reservation.Released);
                return (true, null);
            case Reservation.Reserved:
                Reservations.Release(batch, known.Value.Said);
                return (true, null);
            default:
                return (known?.Row.State != Reservation.Posted, null);
        }
    }

    private static bool IsSame(TransactionOrder one, TransactionOrder other) =>
        one.Legs.SequenceEqual(other.Legs) && one.Conditions.SequenceEqual(other.Conditions)
        && one.Reference == other.Reference && one.Details == other.Details;

    private Reply Conflict(Batch batch, string why) => batch.Refuse(
        RefusalReason.StepConflict, $"Transaction {Request.SagaId} {why}, but the request is to {Request.Action}.",
        Request.SagaId);
}
