using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>Requests that wait for their saga to end in this process. A wait that is cut short costs nothing: the saga goes on without it.</summary>
public sealed class SagaWaiters
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, List<SagaWaiter>> _waiters = [];

    /// <summary>Listens to what the ledger commits.</summary>
    public SagaWaiters(GeneralLedger ledger) => ledger.Committed += Tell;

    /// <summary>Registers interest; before the saga begins, its end cannot be missed. Dispose it to lose interest.</summary>
    internal SagaWaiter Expect(Guid sagaId)
    {
        var waiter = new SagaWaiter(this, sagaId);
        lock (_gate)
        {
            if (!_waiters.TryGetValue(sagaId, out var all)) _waiters[sagaId] = all = new List<SagaWaiter>(1);
            all.Add(waiter);
        }

        return waiter;
    }

    internal void Forget(SagaWaiter waiter)
    {
        lock (_gate)
        {
            if (_waiters.TryGetValue(waiter.SagaId, out var all) && all.Remove(waiter) && all.Count == 0) _waiters.Remove(waiter.SagaId);
        }
    }

    private void Tell(BatchWrites writes)
    {
        if (writes.ChangedSagas.Count == 0) return;
        lock (_gate)
        {
            foreach (var row in writes.ChangedSagas) Tell(row);
        }
    }

    private void Tell(SagaRow row)
    {
        if (row.State is SagaState.Running or SagaState.Compensating || !_waiters.TryGetValue(row.Id, out var all)) return;
        foreach (var waiter in all) waiter.Ended(row);
    }
}

/// <summary>One request's interest in a saga.</summary>
internal sealed class SagaWaiter(SagaWaiters waiters, Guid sagaId) : IDisposable
{
    private readonly TaskCompletionSource<SagaRow> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid SagaId { get; } = sagaId;

    public Task<SagaRow> End => _end.Task;

    public void Ended(SagaRow row) => _end.TrySetResult(row);

    public void Dispose() => waiters.Forget(this);
}
