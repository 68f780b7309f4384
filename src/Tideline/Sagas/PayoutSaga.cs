using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Pays money on suspense to an account of another shard: take from suspense → credit account (the pivot). If the
/// credit is refused, the money returns to suspense, which always accepts it.
/// </summary>
internal static class PayoutSaga
{
    internal const string Name = "payout";

    /// <summary>The only version.</summary>
    public static SagaDefinition Version1 { get; } =
        new(
            Name,
            1,
            [
                new SagaStep("take-from-suspense", IsPivot: false, RetryPolicy.Default, Deadline, Take, Return),
                new SagaStep("credit-account", IsPivot: true, RetryPolicy.Default, Deadline, Credit, null),
            ]);

    private static TimeSpan Deadline => TimeSpan.FromMinutes(5);

    private static SagaPosting Take(SagaData data, Guid sagaId) =>
        new(
            sagaId, data.From, AccountKind.Clearing, -data.AmountMinor, data.Currency, TransactionKind.Payout, data.To,
            data.Reference);

    private static SagaPosting Credit(SagaData data, Guid sagaId) =>
        new(
            sagaId, data.To, AccountKind.Clearing, data.AmountMinor, data.Currency, TransactionKind.Payout, null,
            data.Reference);

    private static SagaPosting Return(SagaData data, Guid sagaId) =>
        new(
            DerivedId.Of("payout-return", sagaId.ToString()), data.From, AccountKind.Clearing, data.AmountMinor,
            data.Currency, TransactionKind.Suspense, data.To, data.Reference);
}
