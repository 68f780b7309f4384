using System.Net;
using System.Net.Http.Headers;

namespace Tideline.Gateway.Peers;

/// <summary>
/// Commands as the body of a request. Until writing the body has begun, the owner cannot have received any of them,
/// whatever happens to the request. .NET's client never retries a request whose body was begun.
/// </summary>
internal sealed class CommandContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _commands;

    public CommandContent(ReadOnlyMemory<byte> commands)
    {
        _commands = commands;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    public bool IsBegun { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        IsBegun = true;
        return stream.WriteAsync(_commands, cancellationToken).AsTask();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _commands.Length;
        return true;
    }
}
