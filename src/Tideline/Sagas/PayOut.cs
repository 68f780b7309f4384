using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Pays out a saga's money on suspense, once: to an account of this shard in one commit, to an account of another shard
/// by a saga (<see cref="PayoutSaga"/>). The original owner receives it as a refund, even if the account is frozen; any
/// other account must be open.
/// </summary>
/// <param name="SagaId">The suspended saga.</param>
/// <param name="PayoutId">The id of the payout saga, if one is needed.</param>
/// <param name="From">The account that the money was taken from; it lives on the saga's shard.</param>
/// <param name="To">The account to credit.</param>
/// <param name="Currency">The currency of the money.</param>
internal sealed record PayOut(Guid SagaId, Guid PayoutId, Guid From, Guid To, Currency Currency) : LedgerCommand
{
    /// <summary>Why an account of another shard cannot receive it.</summary>
    [JsonInclude]
    internal Refusal? Known { get; init; }

    public override Guid RouteId => From;

    internal override Guid Subject => SagaId;

    /// <summary>The posting of a payout within the saga's shard.</summary>
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
        var posting = PostingOf(SagaId, data with { PaidOutTo = To });
        var suspense = batch.Context.SystemAccount(AccountKind.Suspense, Currency);
        if (batch.Record(
            new Posting(posting.TransactionId, posting.Kind)
            {
                Reference = data.Reference, SagaId = SagaId, EvenFrozen = To == From,
            },
            new Leg(suspense, Currency, -data.AmountMinor) { Kind = AccountKind.Suspense },
            new Leg(To, Currency, data.AmountMinor)) is { } refusal)
            return batch.Refuse(refusal.Reason, refusal.Detail, SagaId);
        Payouts.PaidOut(batch, row, data, To, null);
        return batch.Done(SagaId, batch.Account(To)!.PostedMinor);
    }

    private Reply Across(Batch batch, SagaRow row, SagaData data)
    {
        if (Known is not null)
            return batch.Refuse(Known.Reason, Known.Detail, SagaId);
        if (batch.Rows.Aggregates.ContainsKey(PayoutId) || batch.Rows.Transactions.Contains(PayoutId))
            return batch.Refuse(RefusalReason.DuplicateId, $"Payout {PayoutId} exists already.", SagaId);
        var movement = new SagaData
        {
            From = batch.Context.SystemAccount(AccountKind.Suspense, Currency),
            To = To,
            AmountMinor = data.AmountMinor,
            Currency = data.Currency,
            Reference = data.Reference,
            Origin = SagaId,
        };
        if (SagaEngine.Begin(batch, PayoutSaga.Version1, PayoutId, movement) is { } refusal)
            return batch.Refuse(refusal.Reason, refusal.Detail, SagaId);
        Payouts.PaidOut(batch, row, data, To, PayoutId);
        return batch.Done(SagaId, 0);
    }
}
