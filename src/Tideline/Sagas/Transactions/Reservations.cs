using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas.Transactions;

/// <summary>Creates, posts and releases reservations, each once, in the batch of their shard.</summary>
internal static class Reservations
{
    /// <summary>The reservation of a transaction on this shard, with its row; null if there is none.</summary>
    public static (AggregateRow Row, Reservation Said)? Find(Batch batch, Guid sagaId)
    {
        var id = Reservation.IdOf(sagaId, batch.Context.Shard, batch.Context.Map);
        return batch.Rows.Aggregates.TryGetValue(id, out var row) ? (row, Reservation.Read(row)) : null;
    }

    /// <summary>
    /// Checks a part and sets aside what it needs: debits are held, credits are announced. A later freeze does not
    /// prevent either from being posted.
    /// </summary>
    /// <returns>The refusal, if any; then no account has changed, and nothing is stored.</returns>
    public static Refusal? Reserve(Batch batch, Guid sagaId, int owner, TransactionOrder part)
    {
        var legs = part.ToLegs();
        if ((part.Judge(batch) ?? PostingRules.Accounts(batch, legs, evenFrozen: false)
            ?? (batch.Rows.Transactions.Contains(sagaId)
                ? new Refusal(RefusalReason.DuplicateId, $"Transaction {sagaId} already exists.")
                : null)) is { } refusal)
            return refusal;
        Change(batch, sagaId, part, legs, +1);
        Keep(batch, new Reservation(sagaId, owner, part, 0, null, batch.EventSeq), Reservation.Reserved);
        return null;
    }

    /// <summary>Records that a part was refused, or will never be reserved.</summary>
    public static void Refuse(Batch batch, Guid sagaId, int owner, TransactionOrder part, Refusal why, string state) =>
        Keep(batch, new Reservation(sagaId, owner, part, why.Reason, why.Detail, 0), state);

    /// <summary>Books what was reserved, with the remainder on clearing.</summary>
    /// <returns>The refusal, which only damaged data can cause.</returns>
    public static Refusal? Post(Batch batch, Reservation reservation)
    {
        var posting = new Posting(reservation.SagaId, TransactionKind.Journal)
        {
            Reference = reservation.Part.Reference,
            SagaId = reservation.SagaId,
            Details = reservation.Part.Details,
        };
        // A shard with only conditions has nothing to book.
        if (reservation.Part.Legs.Length > 0
            && batch.Record(posting, reservation.ToPosting(batch.Context)) is { } refusal) return refusal;
        Keep(batch, reservation with { Seq = batch.EventSeq }, Reservation.Posted);
        return null;
    }

    /// <summary>Releases what was set aside.</summary>
    public static void Release(Batch batch, Reservation reservation)
    {
        Change(batch, reservation.SagaId, reservation.Part, reservation.Part.ToLegs(), -1);
        Keep(batch, reservation with { Seq = batch.EventSeq }, Reservation.Released);
    }

    private static void Change(Batch batch, Guid sagaId, TransactionOrder part, Leg[] legs, int sign)
    {
        foreach (var (id, outMinor, inMinor) in Reservation.Promises(legs))
        {
            var account = batch.Account(id)!;
            account.PendingOutMinor += sign * outMinor;
            account.PendingInMinor += sign * inMinor;
            batch.Changed(account);
            // The available balance changes only with the amount held.
            if (outMinor != 0)
                batch.Emit(
                    EventType.BalanceUpdated, account,
                    new AccountEvent(
                        sign > 0 ? "hold" : "release", Reference: part.Reference, SagaId: sagaId,
                        HeldChangeMinor: sign * outMinor));
        }
    }

    private static void Keep(Batch batch, Reservation reservation, string state)
    {
        var id = Reservation.IdOf(reservation.SagaId, batch.Context.Shard, batch.Context.Map);
        var version = batch.Rows.Aggregates.TryGetValue(id, out var known) ? known.Version : 0;
        batch.Put(reservation.ToRow(id, version + 1, state));
    }
}
