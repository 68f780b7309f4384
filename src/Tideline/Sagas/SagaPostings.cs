using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>Books the posting of a step in a batch.</summary>
internal static class SagaPostings
{
    /// <summary>Names the rows that a posting reads. <paramref name="owner"/>: the shard of the saga.</summary>
    public static void Collect(SagaPosting posting, int owner, BatchKeys keys, ShardContext context)
    {
        keys.Accounts.Add(posting.AccountId);
        keys.Accounts.Add(Against(posting, owner, context));
    }

    /// <summary>
    /// Names the rows that a compensation reads, including suspense in case the account cannot take the money back.
    /// </summary>
    public static void CollectUndo(SagaPosting posting, Guid sagaId, int owner, BatchKeys keys, ShardContext context)
    {
        Collect(posting, owner, keys, context);
        keys.Accounts.Add(context.SystemAccount(AccountKind.Suspense, Currency.Parse(posting.Currency)));
        keys.Transactions.Add(posting.TransactionId);
        keys.Transactions.Add(SuspenseId(sagaId));
    }

    /// <summary>The id of the transaction that moves a saga's money to suspense.</summary>
    public static Guid SuspenseId(Guid sagaId) => DerivedId.Of("saga-suspense", sagaId.ToString());

    /// <summary>Returns null if it was booked, else the refusal; then nothing changed.</summary>
    public static Refusal? Apply(Batch batch, SagaPosting posting, Guid sagaId, int owner)
    {
        var currency = Currency.Parse(posting.Currency);
        var account = new Leg(posting.AccountId, currency, posting.AmountMinor)
        {
            Kind = IsSuspense(posting, batch.Context) ? AccountKind.Suspense : AccountKind.Customer,
            CounterpartyId = posting.CounterpartyId,
        };
        var system = new Leg(Against(posting, owner, batch.Context), currency, -posting.AmountMinor)
        {
            Kind = posting.Against,
        };
        var booked = new Posting(posting.TransactionId, posting.Kind)
        {
            Reference = posting.Reference, SagaId = sagaId, EvenFrozen = posting.Kind == TransactionKind.Refund,
            Details = posting.Details,
        };
        return posting.AmountMinor < 0 ? batch.Record(booked, account, system) : batch.Record(booked, system, account);
    }

    /// <summary>Moves to suspense what <paramref name="refund"/> could not return. It cannot be refused.</summary>
    public static void Suspend(Batch batch, SagaPosting refund, Guid sagaId)
    {
        var account = batch.Context.SystemAccount(AccountKind.Suspense, Currency.Parse(refund.Currency));
        if (Apply(batch, ToSuspense(refund, sagaId, account), sagaId, batch.Context.Shard) is { } impossible)
            throw new TidelineException(
                ErrorCode.Internal, $"The money of saga {sagaId} cannot be moved to suspense: {impossible.Detail}");
        if (batch.Account(refund.AccountId) is { Kind: AccountKind.Customer } owner)
            batch.Emit(
                EventType.BalanceUpdated, owner,
                new AccountEvent("suspense", Reference: refund.Reference, SagaId: sagaId));
    }

    /// <summary>The posting that moves to suspense what a refund could not return.</summary>
    public static SagaPosting ToSuspense(SagaPosting refund, Guid sagaId, Guid suspenseAccount) =>
        refund with
        {
            TransactionId = SuspenseId(sagaId),
            AccountId = suspenseAccount,
            Kind = TransactionKind.Suspense,
        };

    /// <summary>Whether the posting moves money of the bank's suspense account.</summary>
    public static bool IsSuspense(SagaPosting posting, ShardContext context) =>
        posting.AccountId == context.SystemAccount(AccountKind.Suspense, Currency.Parse(posting.Currency));

    private static Guid Against(SagaPosting posting, int owner, ShardContext context) =>
        posting.Against == AccountKind.Clearing
            ? context.Clearing(Currency.Parse(posting.Currency), owner)
            : context.SystemAccount(posting.Against, Currency.Parse(posting.Currency));
}
