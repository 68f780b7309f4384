using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Sagas;

namespace Tideline.Services.Payments;

/// <summary>Transfers between accounts, on the same shard or not.</summary>
public sealed class Transfers(GeneralLedger ledger, SagaWaiters waiters, TimeProvider time)
{
    private static readonly SagaDefinitions Definitions = new([TransferSaga.Version1]);

    /// <summary>
    /// Transfers money once. Returns when the transfer has settled or was refused, or, if its saga needs longer than
    /// <see cref="SagaLimits.WaitMs"/>, with the state so far.
    /// </summary>
    /// <exception cref="TidelineException">As <see cref="GeneralLedger.ExecuteAsync"/>.</exception>
    public async Task<TransferReply> TransferAsync(TransferRequest request, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        var transferId = ledger.NextIdBeside(request.From);
        var start = new StartTransfer(transferId, request.From, request.To, request.Amount, request.Reference)
        {
            Key = request.Key, Fingerprint = request.Fingerprint, Details = request.Details,
        };
        if (ledger.Map.ShardOf(request.From) == ledger.Map.ShardOf(request.To))
            return Settled(await ledger.ExecuteAsync(start, cancel));

        var destination = await ledger.ReaderOf(request.To).GetAccountAsync(request.To, cancel);
        start = start with { Known = AccountRules.Usable(destination, request.To, request.Amount.Currency) };
        using var waiter = waiters.Expect(transferId);
        CrashPoint.Pass("saga.start.before");
        var reply = await ledger.ExecuteAsync(start, cancel);
        CrashPoint.Pass("saga.start.after");
        if (reply.Kind != OutcomeKind.Saga) return Settled(reply);
        return reply.Subject == transferId
            ? await EndAsync(waiter, reply, began, cancel)
            : await EndOfRepeatAsync(reply, began, cancel);
    }

    /// <summary>A transfer with its saga steps; null if there is none.</summary>
    public async Task<TransferDetails?> GetTransferAsync(Guid transferId, CancellationToken cancel) =>
        await Definitions.FindAsync(ledger.ReaderOf(transferId), transferId, cancel)
            is { Definition: TransferSaga.Name } row
            ? TransferDetails.Of(row)
            : null;

    /// <summary>
    /// The transfer that was requested with an idempotency key; null if there is none, or if the request is still in
    /// progress: then repeat the request with the same key. A transfer that was refused before anything moved has no
    /// details.
    /// </summary>
    public async Task<KeyedTransfer?> FindAsync(Guid key, CancellationToken cancel)
    {
        var reader = ledger.ReaderOf(key);
        var outcome = await reader.GetOutcomeAsync(key, cancel);
        if (outcome is { Kind: OutcomeKind.Reserved })
        {
            reader = ledger.ReaderOf(outcome.Subject);
            outcome = await reader.GetOutcomeAsync(key, cancel);
        }

        // A refused outcome has a subject only if a transfer was refused.
        if (outcome is null || outcome.Subject == Guid.Empty || outcome.Kind == OutcomeKind.Reserved) return null;
        if (outcome.Kind == OutcomeKind.Refused)
        {
            var refusal = new Refusal(outcome.Reason, outcome.Detail ?? "");
            return new KeyedTransfer(null, refusal, Clock.FromUs(outcome.TimeUs));
        }

        return await GetTransferAsync(outcome.Subject, cancel) is { } details
            ? new KeyedTransfer(details, details.Refusal, details.CreatedAt)
            : null;
    }

    private static TransferReply Settled(Reply reply)
    {
        Position[] written = reply.Position.Seq == 0 ? [] : [reply.Position];
        return reply.Refusal is null
            ? new TransferReply(reply.Subject, TransferStatus.Settled, reply.BalanceMinor, null, written)
            : new TransferReply(Guid.Empty, TransferStatus.Refused, reply.BalanceMinor, reply.Refusal, written);
    }

    // An earlier attempt with this key chose the saga's id. The saga may have ended, or been waiting for an operator,
    // long ago.
    private async Task<TransferReply> EndOfRepeatAsync(Reply reply, long began, CancellationToken cancel)
    {
        using var waiter = waiters.Expect(reply.Subject);
        var row = await ledger.Reader(reply.Position.Shard).GetSagaAsync(reply.Subject, cancel);
        return row is { State: not (SagaState.Running or SagaState.Compensating) }
            ? Ended(row, reply)
            : await EndAsync(waiter, reply, began, cancel);
    }

    private async Task<TransferReply> EndAsync(SagaWaiter waiter, Reply reply, long began, CancellationToken cancel) =>
        await waiters.EndAsync(waiter, reply.Position.Shard, time, began, cancel) is { } row
        ? Ended(row, reply)
        : new TransferReply(reply.Subject, TransferStatus.Running, reply.BalanceMinor, null, [reply.Position]);

    private static TransferReply Ended(SagaRow row, Reply reply)
    {
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        var refusal = TransferDetails.RefusalOf(data);
        return new TransferReply(row.Id, TransferDetails.StatusOf(row), reply.BalanceMinor, refusal, data.Positions);
    }
}

/// <summary>A transfer to make.</summary>
public sealed record TransferRequest(Guid From, Guid To, Money Amount, string? Reference, Guid Key, Guid Fingerprint)
{
    /// <summary>Parties and other details, if the payment's message has them.</summary>
    public TransactionDetails? Details { get; init; }
}

/// <summary>A transfer found by its key. Without <paramref name="Details"/> it was refused at once.</summary>
public sealed record KeyedTransfer(TransferDetails? Details, Refusal? Refusal, DateTimeOffset CreatedAt);

/// <summary>
/// The result of a transfer. <paramref name="BalanceMinor"/>: the source's posted balance after its debit. The saga's
/// id is the transfer's.
/// </summary>
public sealed record TransferReply(
    Guid TransferId, TransferStatus Status, long BalanceMinor, Refusal? Refusal, IReadOnlyList<Position> Positions);

/// <summary>The state of a transfer.</summary>
public enum TransferStatus
{
    /// <summary>Debited and credited.</summary>
    Settled,

    /// <summary>In progress.</summary>
    Running,

    /// <summary>
    /// The destination received nothing. Nothing moved, or the money was returned, or the bank holds money that could
    /// not be returned to the source.
    /// </summary>
    Refused,

    /// <summary>It waits for an operator.</summary>
    Parked,
}
