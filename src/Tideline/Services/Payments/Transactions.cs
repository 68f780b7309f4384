using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;

namespace Tideline.Services.Payments;

/// <summary>Transactions of any number of legs, on one shard or several.</summary>
public sealed class Transactions(GeneralLedger ledger, SagaWaiters waiters, TimeProvider time)
{
    /// <summary>
    /// Books a transaction once. Returns when it was booked or refused, or, if its saga needs longer than
    /// <see cref="SagaLimits.WaitMs"/>, with the state so far.
    /// </summary>
    /// <exception cref="TidelineException">As <see cref="GeneralLedger.ExecuteAsync"/>.</exception>
    public async Task<TransactionResult> PostAsync(TransactionRequested request, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        if (request.Order.Check(ledger.Clock.NowUs()) is { } malformed)
            return new TransactionResult(Guid.Empty, TransferStatus.Refused, malformed, []);
        var id = ledger.NextIdBeside(request.Order.Legs[0].AccountId);
        using var waiter = waiters.Expect(id);
        var post = new PostTransaction(id, request.Order) { Key = request.Key, Fingerprint = request.Fingerprint };
        var reply = await ledger.ExecuteAsync(post, cancel);
        if (reply.Kind != OutcomeKind.Saga)
            return new TransactionResult(
                reply.Subject, reply.Refusal is null ? TransferStatus.Settled : TransferStatus.Refused, reply.Refusal,
                reply.Position.Seq == 0 ? [] : [reply.Position]);
        if (reply.Subject == id) return await EndAsync(waiter, reply, began, cancel);

        // An earlier attempt with this key chose the id.
        using var earlier = waiters.Expect(reply.Subject);
        return await ledger.Reader(reply.Position.Shard).GetSagaAsync(reply.Subject, cancel)
            is { State: not (SagaState.Running or SagaState.Compensating) } row
            ? ResultOf(row)
            : await EndAsync(earlier, reply, began, cancel);
    }

    private async Task<TransactionResult> EndAsync(
        SagaWaiter waiter, Reply reply, long began, CancellationToken cancel) =>
        await waiters.EndAsync(waiter, reply.Position.Shard, time, began, cancel) is { } row
            ? ResultOf(row)
            : new TransactionResult(reply.Subject, TransferStatus.Running, null, [reply.Position]);

    private static TransactionResult ResultOf(SagaRow row)
    {
        var data = TransactionSaga.Read(row);
        var refusal = data.RefusalReason == 0 ? null : new Refusal(data.RefusalReason, data.RefusalDetail ?? "");
        return new TransactionResult(row.Id, TransferDetails.StatusOf(row), refusal, data.Positions);
    }
}

/// <summary>A transaction to book, with its idempotency key.</summary>
public sealed record TransactionRequested(TransactionOrder Order, Guid Key, Guid Fingerprint);

/// <summary>The result of a transaction. Across shards its id is its saga's.</summary>
public sealed record TransactionResult(
    Guid TransactionId, TransferStatus Status, Refusal? Refusal, IReadOnlyList<Position> Positions);
