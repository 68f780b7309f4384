using System.Net;
using System.Net.Sockets;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>
/// Free ports for servers. They lie below those that the system gives to outgoing connections, so that a server that is
/// killed finds its port free again; and each process begins to look at a place of its own, so that two that look at
/// once find different ones.
/// </summary>
internal static class LoopbackPort
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private const int Step = 101;
    private static int _given = Environment.ProcessId % Count * Step % Count;

    /// <summary>A port that nobody listens on and that this process has not been given before.</summary>
    /// <exception cref="TidelineException">Overloaded: all are taken.</exception>
    public static int Next()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (Interlocked.Increment(ref _given) % Count);
            if (IsFree(port)) return port;
        }

        throw new TidelineException(
            ErrorCode.Overloaded, $"Every port of 127.0.0.1 from {First} to {First + Count - 1} is taken.");
    }

    /// <summary>Whether a server could listen on it now.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
