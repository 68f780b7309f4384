using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tideline.Tests.Gateway;

/// <summary>A client that sends what it likes, when it likes.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    private RawConnection(Socket socket) =>
        (_socket, _stream, _reader) = (socket, new NetworkStream(socket),
            new StreamReader(new NetworkStream(socket), Encoding.UTF8));

    public static async Task<RawConnection> OpenAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new RawConnection(socket);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await _stream.WriteAsync(bytes).AsTask().WaitAsync(Limit);

    /// <summary>Sends a part of a chunked body.</summary>
    public async Task SendChunkAsync(byte[] bytes)
    {
        await SendAsync($"{bytes.Length:x}\r\n");
        await SendAsync(bytes);
        await SendAsync("\r\n");
    }

    /// <summary>The next line that begins with a brace.</summary>
    public async Task<string> JsonLineAsync()
    {
        while (true)
        {
            var line = (await _reader.ReadLineAsync().WaitAsync(Limit)).ShouldNotBeNull();
            if (line.StartsWith('{')) return line;
        }
    }

    public async Task<string> ReadToEndAsync()
    {
        try
        {
            return await _reader.ReadToEndAsync().WaitAsync(Limit);
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Is gone at once, without a farewell.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _reader.Dispose();
        _socket.Dispose();
    }
}

/// <summary>What came back, as it came.</summary>
internal sealed record RawAnswer(int Status, string Text)
{
    public static RawAnswer Of(string text) =>
        new(text.Split(' ') is [_, var status, ..]
            && int.TryParse(status, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number
            : 0, text);

    public void ShouldBeProblem(string name, int status)
    {
        Status.ShouldBe(status, Text);
        Text.ShouldContain("Content-Type: application/problem+json");
        Text.ShouldContain($"\"type\":\"https://tideline.dev/problems/{name}\"");
    }
}
