using Tideline.Sagas;

namespace Tideline.Services.Payments;

/// <summary>The saga definitions of payments, every version that may still be in flight.</summary>
public static class PaymentSagas
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<SagaDefinition> All { get; } = [TransferSaga.Version1, PayoutSaga.Version1];
}
