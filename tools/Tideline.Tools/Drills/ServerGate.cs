namespace Tideline.Tools.Drills;

/// <summary>Tells the clients of a drill when the program answers.</summary>
internal sealed class ServerGate
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _up.TrySetResult();

    public void Close()
    {
        lock (_gate)
        {
            if (_up.Task.IsCompleted)
                _up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Completes when the program answers.</summary>
    public Task WaitAsync(CancellationToken cancel)
    {
        lock (_gate) return _up.Task.WaitAsync(cancel);
    }
}
