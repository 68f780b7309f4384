namespace Tideline.Tests.Services.Payments.Imports;

/// <summary>A client that opens a request and sends nothing.</summary>
internal sealed class SilentStream : MemoryStream
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when somebody waits for bytes.</summary>
    public Task Asked => _asked.Task;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _asked.TrySetResult();
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return 0;
    }
}
