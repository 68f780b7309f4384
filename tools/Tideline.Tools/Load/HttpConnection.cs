using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tideline.Tools.Load;

/// <summary>
/// One kept-alive HTTP/1.1 connection on a bare socket, one request at a time. HttpClient would take the processor time
/// that the server under load needs.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket = new(
        AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    { NoDelay = true };
    private byte[] _received = new byte[16 * 1024];
    private byte[] _sending = new byte[4 * 1024];
    private int _filled;

    private HttpConnection()
    {
    }

    /// <summary>Connects to a loopback port.</summary>
    /// <exception cref="SocketException">Nobody listens.</exception>
    public static async ValueTask<HttpConnection> OpenAsync(int port, CancellationToken cancel)
    {
        var connection = new HttpConnection();
        try
        {
            await connection._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancel);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request and reads its answer.</summary>
    /// <exception cref="SocketException">The connection broke: whether the request was carried out is
    /// unknown.</exception>
    /// <exception cref="IOException">As above.</exception>
    public async ValueTask<HttpAnswer> SendAsync(string method, string path, string? idempotencyKey,
        ReadOnlyMemory<byte> body, string contentType, CancellationToken cancel, string moreHeaders = "")
    {
        // Both at once: the answer to a long batch begins before its last line is sent, and neither side must wait for
        // the other.
        var sending = SendAllAsync(Request(method, path, idempotencyKey, body, contentType, moreHeaders), cancel);
        if (sending.IsCompletedSuccessfully) return await ReceiveAsync(cancel);
        var answer = await ReceiveAsync(cancel);
        await sending;
        return answer;
    }

    /// <summary>A POST of JSON with an idempotency key.</summary>
    public ValueTask<HttpAnswer> PostAsync(string path, string idempotencyKey, string json, CancellationToken cancel) =>
        SendAsync("POST", path, idempotencyKey, Encoding.UTF8.GetBytes(json), "application/json", cancel);

    /// <summary>A GET; <paramref name="moreHeaders"/> are whole lines with their ends.</summary>
    public ValueTask<HttpAnswer> GetAsync(string path, CancellationToken cancel, string moreHeaders = "") =>
        SendAsync("GET", path, null, default, "", cancel, moreHeaders);

    public void Dispose() => _socket.Dispose();

    private ReadOnlyMemory<byte> Request(string method,
        string path, string? idempotencyKey, ReadOnlyMemory<byte> body, string contentType, string moreHeaders)
    {
        var key = idempotencyKey is null ? "" : $"Idempotency-Key: {idempotencyKey}\r\n";
        var content = body.IsEmpty ? (method == "GET" ? "" : "Content-Length: 0\r\n")
            : string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"Content-Type: {contentType}\r\nContent-Length: {body.Length}\r\n");
        var head = $"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{key}{content}{moreHeaders}\r\n";
        if (_sending.Length < head.Length + body.Length) _sending = new byte[head.Length + body.Length];
        var written = Encoding.ASCII.GetBytes(head, _sending);
        body.Span.CopyTo(_sending.AsSpan(written));
        return _sending.AsMemory(0, written + body.Length);
    }

    private async Task SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (!bytes.IsEmpty) bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancel)..];
    }

    private async ValueTask<HttpAnswer> ReceiveAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (_filled > 0 && HttpAnswerParser.TryParse(_received.AsSpan(0, _filled), out var consumed) is { } answer)
            {
                _received.AsSpan(consumed, _filled - consumed).CopyTo(_received);
                _filled -= consumed;
                if (answer.Status != 100) return answer;
                continue;
            }

            if (_filled == _received.Length) Array.Resize(ref _received, _received.Length * 2);
            var read = await _socket.ReceiveAsync(_received.AsMemory(_filled), SocketFlags.None, cancel);
            if (read == 0) throw new IOException("The server closed the connection.");
            _filled += read;
        }
    }
}
