using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Services.Payments;

/// <summary>
/// A transfer between shards: debit source → credit destination (the pivot) → update customer view. Between debit and
/// credit the money is on clearing accounts, so every snapshot of every shard sums to zero.
/// </summary>
internal static class TransferSaga
{
    public const string Name = "transfer";

    public static readonly SagaDefinition Version1 = new(Name, 1,
    [
        new SagaStep("debit-source", IsPivot: false, RetryPolicy.Default, Deadline, Debit, Refund),
        new SagaStep("credit-destination", IsPivot: true, RetryPolicy.Default, Deadline, Credit, null),
        new SagaStep("update-customer-view", IsPivot: false, RetryPolicy.Default, Deadline, null, null),
    ])
    {
        Within = TransactionKind.Transfer,
    };

    /// <summary>The id of the transaction that refunds a transfer.</summary>
    public static Guid RefundId(Guid sagaId) => DerivedId.Of("transfer-refund", sagaId.ToString());

    private static TimeSpan Deadline => TimeSpan.FromMinutes(5);

    private static SagaPosting Debit(SagaData data, Guid sagaId) => new(
        sagaId, data.From, AccountKind.Clearing, -data.AmountMinor, data.Currency, TransactionKind.Transfer, data.To,
        data.Reference, data.Details);

    private static SagaPosting Credit(SagaData data, Guid sagaId) => new(
        sagaId, data.To, AccountKind.Clearing, data.AmountMinor, data.Currency, TransactionKind.Transfer, data.From,
        data.Reference, data.Details);

    private static SagaPosting Refund(SagaData data, Guid sagaId) => new(
        RefundId(sagaId), data.From, AccountKind.Clearing, data.AmountMinor, data.Currency, TransactionKind.Refund,
        data.To, data.Reference, data.Details);
}
