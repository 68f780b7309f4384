using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Sagas;

/// <summary>Carries out the posting of a step against the rows of a batch.</summary>
internal static class SagaPostings
{
    public static void Collect(SagaPosting posting, BatchKeys keys, ShardContext context)
    {
        keys.Accounts.Add(posting.AccountId);
        keys.Accounts.Add(context.SystemAccount(posting.Against, Currency.Parse(posting.Currency)));
    }

    /// <summary>Answers null when it was done, else why not; then nothing changed.</summary>
    public static Refusal? Apply(Batch batch, SagaPosting posting, Guid sagaId)
    {
        var currency = Currency.Parse(posting.Currency);
        var account = batch.Account(posting.AccountId);
        var amount = new Money(Math.Abs(posting.AmountMinor), currency);
        var isRefund = posting.Kind == TransactionKind.Refund;
        if ((AccountRules.Amount(amount) ?? AccountRules.Usable(account, posting.AccountId, currency, evenFrozen: isRefund)) is { } unusable) return unusable;
        if (posting.AmountMinor < 0 && !isRefund && AccountRules.Funds(account!, amount) is { } poor) return poor;
        if (AccountRules.Fits(account!, posting.AmountMinor) is { } overflow) return overflow;
        if (batch.Rows.Transactions.Contains(posting.TransactionId)) return new Refusal(RefusalReason.DuplicateId, $"Transaction {posting.TransactionId} exists already.");

        var system = batch.SystemAccount(posting.Against, currency);
        var isDebit = posting.AmountMinor < 0;
        batch.Record(posting.TransactionId, posting.Kind, amount, posting.Reference, sagaId, isDebit ? account! : system, isDebit ? system : account!);
        batch.Emit(
            isDebit ? EventType.AccountDebited : EventType.AccountCredited, account!,
            new AccountEvent(posting.Kind.Word(), posting.AmountMinor, HasEntry: true, posting.TransactionId, posting.CounterpartyId, posting.Reference, sagaId));
        return null;
    }
}
