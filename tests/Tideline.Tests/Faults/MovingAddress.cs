using System.Net;
using System.Net.Sockets;

namespace Tideline.Tests.Faults;

/// <summary>
/// One address that leads to one server after another, as that of a managed MySQL: a line that is open stays where it
/// led when it was opened.
/// </summary>
internal sealed class MovingAddress : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _loop;
    private volatile int _leadsTo;

    public MovingAddress(int port)
    {
        _leadsTo = port;
        _listener.Start();
        _loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What is opened from now on leads to another port of this machine.</summary>
    public void LeadTo(int port) => _leadsTo = port;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _loop;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var lines = new List<Task>();
        try
        {
            while (true) lines.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _leadsTo, _end.Token);
                (client.NoDelay, server.NoDelay) = (true, true);
                // Whichever side ends it.
                await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream(), _end.Token),
                    server.GetStream().CopyToAsync(client.GetStream(), _end.Token));
            }
            catch (Exception fault) when (fault is SocketException or IOException or OperationCanceledException)
            {
                // Nobody is there: the client is told by the end of its line.
            }
        }
    }
}
