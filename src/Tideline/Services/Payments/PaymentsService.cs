using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Sagas;

namespace Tideline.Services.Payments;

/// <summary>Transfers between accounts, same shard or not.</summary>
public sealed class PaymentsService(GeneralLedger ledger, SagaWaiters waiters, TimeProvider time)
{
    /// <summary>
    /// Moves money once. Answers when it has settled or was refused; when a saga needs longer than <see cref="Limits.SagaWaitMs"/>, with what is known so far.
    /// </summary>
    /// <exception cref="TidelineException">As <see cref="GeneralLedger.ExecuteAsync"/>.</exception>
    public async Task<TransferReply> TransferAsync(TransferRequest request, CancellationToken cancel)
    {
        var transferId = request.TransferId ?? ledger.Ids.Next();
        var start = new StartTransfer(transferId, request.TransferId is not null, request.From, request.To, request.Amount, request.Reference) { Key = request.Key, Fingerprint = request.Fingerprint };
        if (ledger.Map.ShardOf(request.From) == ledger.Map.ShardOf(request.To))
            return Settled(await ledger.ExecuteAsync(start, cancel));

        var destination = await ledger.ReaderOf(request.To).GetAccountAsync(request.To, cancel);
        start = start with { Known = AccountRules.Usable(destination, request.To, request.Amount.Currency) };
        using var waiter = waiters.Expect(transferId);
        CrashPoint.Pass("saga.start.before");
        var reply = await ledger.ExecuteAsync(start, cancel);
        CrashPoint.Pass("saga.start.after");
        if (reply.Kind != OutcomeKind.Saga) return Settled(reply);
        return reply.IsRepeat ? await EndOfRepeatAsync(reply, cancel) : await EndAsync(waiter, reply, cancel);
    }

    /// <summary>A transfer with its saga steps; null when there is none.</summary>
    public async Task<TransferDetails?> GetTransferAsync(Guid transferId, CancellationToken cancel)
    {
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if (await ledger.Reader(shard).GetSagaAsync(transferId, cancel) is { Definition: TransferSaga.Name } row)
                return await TransferDetails.ReadAsync(row, ledger.Reader(shard), cancel);
        }

        return null;
    }

    private static TransferReply Settled(Reply reply) => new(
        reply.Subject, reply.Refusal is null ? TransferStatus.Settled : TransferStatus.Refused, reply.BalanceMinor, reply.Refusal, reply.Position.Seq == 0 ? [] : [reply.Position]);

    // A repeated key names the first attempt's saga, which may have ended long ago.
    private async Task<TransferReply> EndOfRepeatAsync(Reply reply, CancellationToken cancel)
    {
        using var waiter = waiters.Expect(reply.Subject);
        var row = await ledger.Reader(reply.Position.Shard).GetSagaAsync(reply.Subject, cancel);
        return row is not null && !row.State.IsUnfinished() ? Ended(row, reply) : await EndAsync(waiter, reply, cancel);
    }

    private async Task<TransferReply> EndAsync(SagaWaiter waiter, Reply reply, CancellationToken cancel) => await waiters.EndAsync(waiter, reply.Position.Shard, time, cancel) is { } row
        ? Ended(row, reply)
        : new TransferReply(reply.Subject, TransferStatus.Running, reply.BalanceMinor, null, [reply.Position]);

    private static TransferReply Ended(SagaRow row, Reply reply)
    {
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        var refusal = TransferDetails.RefusalOf(data);
        return new TransferReply(row.Id, TransferDetails.StatusOf(row), reply.BalanceMinor, refusal, data.Positions);
    }
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

    /// <summary>
    /// The destination got nothing. Nothing moved, all was moved back, or the bank holds what the source could not take
    /// back.
    /// </summary>
    Refused,

    /// <summary>Waits for an operator.</summary>
    Parked,
}
