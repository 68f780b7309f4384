namespace Tideline.Tests.Services.Payments.Iso20022;

/// <summary>Refuses synchronous writes, as a web server's response does.</summary>
internal sealed class ResponseStream : MemoryStream
{
    private bool _isAsync;

    public override void Write(byte[] buffer, int offset, int count)
    {
        if (!_isAsync) throw new InvalidOperationException("Synchronous operations are disallowed.");
        base.Write(buffer, offset, count);
    }

    public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _isAsync = true;
        Write(buffer.Span);
        _isAsync = false;
        return ValueTask.CompletedTask;
    }
}
