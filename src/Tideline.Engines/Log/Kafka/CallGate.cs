using Tideline.Kernel;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// The calls that are inside the log: closing cancels them and waits until the last one has left, so that no client of
/// Kafka is disposed under a call.
/// </summary>
internal sealed class CallGate : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls = 1;
    private int _isClosed;

    public CancellationToken Stopping => _stop.Token;

    /// <exception cref="TidelineException">ShuttingDown: the log is closed, or was meanwhile.</exception>
    public async ValueTask<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancel)
    {
        Interlocked.Increment(ref _calls);
        try
        {
            if (Volatile.Read(ref _isClosed) == 1) throw Closed();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stop.Token);
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (Volatile.Read(ref _isClosed) == 1 && !cancel.IsCancellationRequested)
        {
            throw Closed();
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Refuses new calls, cancels the others, and waits for them. Answers false when it was closed before.
    /// </summary>
    public async Task<bool> CloseAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 1) return false;
        await _stop.CancelAsync();
        Leave();
        await _left.Task;
        return true;
    }

    public void Dispose() => _stop.Dispose();

    private void Leave()
    {
        if (Interlocked.Decrement(ref _calls) == 0) _left.TrySetResult();
    }

    private static TidelineException Closed() => new(ErrorCode.ShuttingDown, "The log is closed.");
}
