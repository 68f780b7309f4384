using System.Collections.Concurrent;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>Requests that wait for their saga to end in this process. A wait that is cut short costs nothing: the saga goes on without it.</summary>
public sealed class SagaWaiters
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<SagaRow>> _waiters = new();

    /// <summary>Listens to what the ledger commits.</summary>
    public SagaWaiters(GeneralLedger ledger) => ledger.Committed += Tell;

    /// <summary>Registers interest before the saga begins, so that its end cannot be missed. End it with <see cref="Forget"/>.</summary>
    internal Task<SagaRow> Expect(Guid sagaId) =>
        _waiters.GetOrAdd(sagaId, static _ => new TaskCompletionSource<SagaRow>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    internal void Forget(Guid sagaId) => _waiters.TryRemove(sagaId, out _);

    private void Tell(BatchWrites writes)
    {
        if (_waiters.IsEmpty) return;
        foreach (var row in writes.ChangedSagas) Tell(row);
        foreach (var row in writes.NewSagas) Tell(row);
    }

    private void Tell(SagaRow row)
    {
        if (row.State is SagaState.Running or SagaState.Compensating) return;
        if (_waiters.TryGetValue(row.Id, out var waiter)) waiter.TrySetResult(row);
    }
}
