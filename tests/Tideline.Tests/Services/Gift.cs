using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Tests.Services;

/// <summary>The saga that carries the money of a pledge to an account anywhere.</summary>
internal static class Gift
{
    public static TransactionKindName Kind { get; } =
        new((TransactionKind)190, "gift", "A pledge was kept.", IsTransfer: true);

    public static SagaDefinition Saga { get; } = new("gift", 1,
    [
        new SagaStep("take", false, RetryPolicy.Default, TimeSpan.FromMinutes(5), Take, GiveBack),
        new SagaStep("give", true, RetryPolicy.Default, TimeSpan.FromMinutes(5), Give, null),
    ]);

    private static SagaPosting Take(SagaData data, Guid saga) => new(
        saga, data.From, AccountKind.Clearing, -data.AmountMinor, data.Currency, Kind.Kind, data.To, null);

    private static SagaPosting Give(SagaData data, Guid saga) => new(
        saga, data.To, AccountKind.Clearing, data.AmountMinor, data.Currency, Kind.Kind, data.From, null);

    private static SagaPosting GiveBack(SagaData data, Guid saga) => new(
        DerivedId.Of("gift-back", saga.ToString()), data.From, AccountKind.Clearing, data.AmountMinor, data.Currency,
        TransactionKind.Refund, data.To, null);
}
