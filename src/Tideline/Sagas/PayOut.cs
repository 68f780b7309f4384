using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Sagas;

/// <summary>
/// Pays out what a saga has on suspense, once: to an account of this shard in one commit, to one of another shard by a
/// saga of its own
/// (<see cref="PayoutSaga"/>). The first owner of the money takes it frozen or not, as a refund; others must be open.
/// </summary>
/// <param name="SagaId">The suspended saga.</param>
/// <param name="PayoutId">The id of the payout's own saga, should it need one.</param>
/// <param name="From">The account that the money was taken from; it lives on the saga's shard.</param>
/// <param name="To">The account to credit.</param>
/// <param name="Currency">The currency of the money.</param>
internal sealed record PayOut(Guid SagaId, Guid PayoutId, Guid From, Guid To, Currency Currency) : LedgerCommand
{
    /// <summary>Why an account of another shard does not take it.</summary>
    [JsonInclude]
    internal Refusal? Known { get; init; }

    public override Guid RouteId => From;

    internal override Guid Subject => SagaId;

    /// <summary>The posting that pays a saga's money out within its shard.</summary>
    public static SagaPosting PostingOf(Guid sagaId, SagaData data) =>
        new(
            IdOf(sagaId), data.PaidOutTo ?? data.From, AccountKind.Suspense, data.AmountMinor, data.Currency,
            TransactionKind.Payout, null, data.Reference);

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Aggregates.Add(SagaId);
        keys.Aggregates.Add(PayoutId);
        keys.Transactions.Add(PayoutId);
        keys.Transactions.Add(IdOf(SagaId));
        keys.Accounts.Add(context.SystemAccount(AccountKind.Suspense, Currency));
        keys.Accounts.Add(context.Map.ShardOf(To) == context.Shard ? To : context.Clearing(Currency, context.Shard));
    }

    internal override Reply Decide(Batch batch)
    {
        if (batch.Saga(SagaId) is not { } row)
            return batch.Refuse(RefusalReason.SagaNotFound, $"There is no saga {SagaId}.", SagaId);
        if (row.State != SagaState.Suspended)
            return batch.Refuse(
                RefusalReason.NothingOnSuspense, $"Saga {SagaId} is {row.State.Word()}: it has nothing on suspense.",
                SagaId);
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        if (data.From != From || data.Currency != Currency.Code)
            return batch.Refuse(
                RefusalReason.StepConflict,
                    $"Saga {SagaId} has a different movement from the one in the message.", SagaId);
        return batch.Context.Map.ShardOf(To) == batch.Context.Shard ? Here(batch, row, data) : Across(batch, row, data);
    }

    private static Guid IdOf(Guid sagaId) => DerivedId.Of("saga-payout", sagaId.ToString());

    private Reply Here(Batch batch, SagaRow row, SagaData data)
    {
        var (to, posting) = (batch.Account(To), PostingOf(SagaId, data with { PaidOutTo = To }));
        var refusal = AccountRules.Usable(to, To, Currency, evenFrozen: To == From)
            ?? AccountRules.Fits(to!, data.AmountMinor)
            ?? (
                batch.Rows.Transactions.Contains(posting.TransactionId)
                    ? new Refusal(RefusalReason.DuplicateId, $"Saga {SagaId} was already paid out.")
                    : null);
        if (refusal is not null)
            return batch.Refuse(refusal.Reason, refusal.Detail, SagaId);
        var suspense = batch.SystemAccount(AccountKind.Suspense, Currency);
        batch.Record(
            posting.TransactionId, posting.Kind, new Money(data.AmountMinor, Currency), data.Reference, SagaId,
            suspense, to!);
        batch.Emit(
            EventType.AccountCredited,
            to!,
            new AccountEvent(
                "payout", data.AmountMinor, HasEntry: true, posting.TransactionId, null, data.Reference, SagaId));
        Payouts.PaidOut(batch, row, data, To, null);
        return batch.Done(SagaId, to!.PostedMinor);
    }

    private Reply Across(Batch batch, SagaRow row, SagaData data)
    {
        if (Known is not null)
            return batch.Refuse(Known.Reason, Known.Detail, SagaId);
        if (batch.Rows.Aggregates.ContainsKey(PayoutId) || batch.Rows.Transactions.Contains(PayoutId))
            return batch.Refuse(RefusalReason.DuplicateId, $"Payout {PayoutId} already exists.", SagaId);
        Payouts.PaidOut(batch, row, data, To, PayoutId);
        var movement = new SagaData
        {
            From = batch.Context.SystemAccount(AccountKind.Suspense, Currency),
            To = To,
            AmountMinor = data.AmountMinor,
            Currency = data.Currency,
            Reference = data.Reference,
            Origin = SagaId,
        };
        SagaEngine.Begin(batch, PayoutSaga.Version1, PayoutId, movement);
        return batch.Done(SagaId, 0);
    }
}
