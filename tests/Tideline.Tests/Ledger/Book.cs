using Tideline.Ledger;

namespace Tideline.Tests.Ledger;

/// <summary>Books legs as a command of a service would.</summary>
internal sealed record Book(Guid TransactionId, params Leg[] Legs) : LedgerCommand
{
    public TransactionDetails? Details { get; init; }

    public override Guid RouteId => Legs.Length == 0 ? TransactionId : Legs[0].AccountId;

    internal override Guid Subject => TransactionId;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Transactions.Add(TransactionId);
        foreach (var leg in Legs) keys.Accounts.Add(leg.AccountId);
    }

    internal override Reply Decide(Batch batch) =>
        batch.Record(new Posting(TransactionId, TransactionKind.Journal) { Details = Details }, Legs) is { } refusal
            ? batch.Refuse(refusal.Reason, refusal.Detail)
            : batch.Done(TransactionId, 0);
}
