using Tideline.Kernel;

namespace Tideline.Services.Payments;

/// <summary>Transfers between accounts, same shard or not.</summary>
public sealed class PaymentsService
{
    /// <summary>
    /// Moves money once. Answers when it has settled or was refused; when a saga needs longer than <see cref="Limits.SagaWaitMs"/>, with what is known so far.
    /// </summary>
    public Task<TransferReply> TransferAsync(TransferRequest request, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>A transfer with its saga steps; null when there is none.</summary>
    public Task<TransferDetails?> GetTransferAsync(Guid transferId, CancellationToken cancel) => throw new NotImplementedException();
}

/// <summary>A transfer to make. <paramref name="TransferId"/> null: the program chooses.</summary>
public sealed record TransferRequest(Guid? TransferId, Guid From, Guid To, Money Amount, string? Reference, Guid Key, Guid Fingerprint);

/// <summary>What a transfer came to. <paramref name="BalanceMinor"/>: the source's posted balance after its debit. The saga's id is the transfer's.</summary>
public sealed record TransferReply(Guid TransferId, TransferStatus Status, long BalanceMinor, Refusal? Refusal, IReadOnlyList<Position> Positions);

/// <summary>Where a transfer stands.</summary>
public enum TransferStatus
{
    /// <summary>Debited and credited.</summary>
    Settled,

    /// <summary>On its way.</summary>
    Running,

    /// <summary>Nothing moved, or all was moved back.</summary>
    Refused,

    /// <summary>Waits for an operator.</summary>
    Parked,
}

/// <summary>A transfer in full.</summary>
public sealed record TransferDetails(
    Guid TransferId, Guid From, Guid To, Money Amount, string? Reference, TransferStatus Status, Refusal? Refusal, DateTimeOffset CreatedAt, IReadOnlyList<SagaStepDetails> Steps);

/// <summary>A step of a saga as it went: name, <c>done | running | refused | undone | waiting</c>, when, how often it was tried.</summary>
public sealed record SagaStepDetails(string Name, string State, DateTimeOffset? At, int Attempts, string? Detail);
