using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas.Transactions;

namespace Tideline.Services.Payments;

/// <summary>
/// Books a transaction of any number of legs. If all accounts are on the shard of the first leg, one commit does it.
/// Otherwise its part is reserved there, and a saga reserves the other shards' parts.
/// </summary>
internal sealed record PostTransaction(Guid TransactionId, TransactionOrder Order) : LedgerCommand
{
    public override Guid RouteId => Order.Legs[0].AccountId;

    internal override Guid Subject => TransactionId;

    internal override LedgerCommand About(Guid subject) => this with { TransactionId = subject };

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Aggregates.Add(TransactionId);
        keys.Transactions.Add(TransactionId);
        keys.Aggregates.Add(Reservation.IdOf(TransactionId, context.Shard, context.Map));
        Order.PartOf(context.Map, context.Shard).Collect(keys, context, context.Shard);
    }

    internal override Reply Decide(Batch batch)
    {
        var isWithin = Order.ShardsOf(batch.Context.Map) is [var only] && only == batch.Context.Shard;
        if ((Order.Check(batch.TimeUs) ?? (isWithin ? Here(batch) : TransactionSaga.Begin(batch, TransactionId, Order)))
            is { } refusal)
            return batch.Refuse(refusal.Reason, refusal.Detail, TransactionId);
        return batch.Done(TransactionId, 0, isWithin ? OutcomeKind.Done : OutcomeKind.Saga);
    }

    private Refusal? Here(Batch batch)
    {
        var posting = new Posting(TransactionId, TransactionKind.Journal)
        {
            Reference = Order.Reference, Details = Order.Details,
        };
        return Order.Judge(batch) ?? batch.Record(posting, Order.ToLegs());
    }
}
