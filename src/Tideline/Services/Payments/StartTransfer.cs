using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Sagas;

namespace Tideline.Services.Payments;

/// <summary>
/// Begins a transfer on the source's shard. Both accounts there: debit and credit in one transaction, which is all of
/// the saga (<see cref="SagaDefinition.Within"/>). Else: debit to clearing, the
/// saga and its message to the other shard in one transaction.
/// </summary>
internal sealed record StartTransfer(Guid TransferId, Guid From, Guid To, Money Amount, string? Reference)
    : LedgerCommand
{
    public override Guid RouteId => From;

    internal override Guid Subject => TransferId;

    internal override LedgerCommand About(Guid subject) => this with { TransferId = subject };

    /// <summary>A refusal found on the destination's shard, to be kept under the key.</summary>
    [JsonInclude]
    internal Refusal? Known { get; init; }

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Accounts.Add(From);
        if (context.Map.ShardOf(To) == context.Shard) keys.Accounts.Add(To);
        else keys.Accounts.Add(context.SystemAccount(AccountKind.Clearing, Amount.Currency));
    }

    internal override Reply Decide(Batch batch)
    {
        var from = batch.Account(From);
        var refusal = (From == To ? new Refusal(RefusalReason.SameAccount,
            "Source and destination are the same account.") : null)
            ?? AccountRules.Amount(Amount) ?? AccountRules.Usable(from, From, Amount.Currency) ?? Known
            ?? AccountRules.Funds(from!, Amount) ?? AccountRules.Fits(from!, -Amount.Minor);
        if (refusal is not null) return Refuse(batch, refusal);
        return batch.Context.Map.ShardOf(To) == batch.Context.Shard ? Here(batch, from!) : Across(batch);
    }

    // The outcome names the transfer, so that its key finds it: Transfers.FindAsync.
    private Reply Refuse(Batch batch, Refusal refusal) => batch.Refuse(refusal.Reason, refusal.Detail, TransferId);

    // Nothing is left to do but the view, so the saga has no row: the transaction of the same id says it all.
    private Reply Here(Batch batch, AccountRow from)
    {
        var to = batch.Account(To);
        var refusal = AccountRules.Usable(to, To, Amount.Currency) ?? AccountRules.Fits(to!, Amount.Minor);
        if (refusal is not null) return Refuse(batch, refusal);
        batch.Record(TransferId, TransactionKind.Transfer, Amount, Reference, TransferId, from, to!);
        batch.Emit(EventType.AccountDebited,
            from, new AccountEvent("transfer", -Amount.Minor, true, TransferId, To, Reference, TransferId));
        batch.Emit(EventType.AccountCredited,
            to!, new AccountEvent("transfer", Amount.Minor, true, TransferId, From, Reference, TransferId));
        return batch.Done(TransferId, from.PostedMinor);
    }

    private Reply Across(Batch batch)
    {
        var data = new SagaData
        {
            From = From, To = To, AmountMinor = Amount.Minor, Currency = Amount.Currency.Code, Reference = Reference
        };
        SagaEngine.Begin(batch, TransferSaga.Version1, TransferId, data);
        return batch.Done(TransferId, batch.Account(From)!.PostedMinor, OutcomeKind.Saga);
    }
}
