using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Requests that wait for their saga to end. Abandoning a wait is harmless: the saga continues without it. For shards
/// that this process owns, the commit signals the end; sagas of other shards are polled.
/// </summary>
public sealed class SagaWaiters
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(SagaLimits.LookMs);
    private readonly GeneralLedger _ledger;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, List<SagaWaiter>> _waiters = [];

    /// <summary>Subscribes to the ledger's commits.</summary>
    public SagaWaiters(GeneralLedger ledger)
    {
        _ledger = ledger;
        ledger.Committed += Tell;
    }

    /// <summary>
    /// Registers a waiter. If registered before the saga begins, it cannot miss the end. Dispose it to unregister.
    /// </summary>
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

    /// <summary>
    /// The ended saga on a shard; null if it takes longer than <see cref="SagaLimits.WaitMs"/> since
    /// <paramref name="began"/>.
    /// </summary>
    internal async Task<SagaRow?> EndAsync(SagaWaiter waiter, int shard, TimeProvider time, long began,
        CancellationToken cancel)
    {
        while (time.GetElapsedTime(began).TotalMilliseconds < SagaLimits.WaitMs)
        {
            await ((Task)waiter.End.WaitAsync(Look, time, cancel))
                .ConfigureAwait(Background.WhateverItsEnd);
            cancel.ThrowIfCancellationRequested();
            if (waiter.End.IsCompleted) return await waiter.End;
            if (!_ledger.Owns(shard) && await _ledger.Reader(shard).GetSagaAsync(
                waiter.SagaId, cancel) is { State: not (SagaState.Running or SagaState.Compensating) } row) return row;
        }

        return null;
    }

    internal void Forget(SagaWaiter waiter)
    {
        lock (_gate)
        {
            if (_waiters.TryGetValue(waiter.SagaId, out var all) && all.Remove(waiter) && all.Count == 0)
                _waiters.Remove(waiter.SagaId);
        }
    }

    private void Tell(BatchWrites writes)
    {
        if (writes.ChangedAggregates.Count == 0) return;
        lock (_gate)
        {
            foreach (var row in writes.ChangedAggregates) Tell(row);
        }
    }

    private void Tell(AggregateRow changed)
    {
        if (!_waiters.TryGetValue(changed.Id, out var all)) return;
        var row = SagaCodec.Read(changed);
        if (row.State is SagaState.Running or SagaState.Compensating) return;
        foreach (var waiter in all) waiter.Ended(row);
    }
}

/// <summary>One request that waits for a saga.</summary>
internal sealed class SagaWaiter(SagaWaiters waiters, Guid sagaId) : IDisposable
{
    private readonly TaskCompletionSource<SagaRow> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid SagaId { get; } = sagaId;

    public Task<SagaRow> End => _end.Task;

    public void Ended(SagaRow row) => _end.TrySetResult(row);

    public void Dispose() => waiters.Forget(this);
}
