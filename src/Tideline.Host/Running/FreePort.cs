using System.Net;
using System.Net.Sockets;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>Looks whether a port can be had before anything else is started: a data folder is not made for a node that cannot answer.</summary>
internal static class FreePort
{
    /// <exception cref="TidelineException">AlreadyOwned: another program has it. InvalidInput: this user may not.</exception>
    public static void Require(int port)
    {
        if (port == 0) return;
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException fault)
        {
            throw fault.SocketErrorCode == SocketError.AddressAlreadyInUse ? Taken(port, fault) : new TidelineException(ErrorCode.InvalidInput, $"Port {port} cannot be used: {fault.Message}.", fault);
        }
    }

    /// <summary>What to say of a port that somebody else has.</summary>
    public static TidelineException Taken(int port, Exception fault) =>
        new(ErrorCode.AlreadyOwned, $"Port {port} on 127.0.0.1 is taken by another program; choose another with --port, or --port 0 for a free one.", fault);
}
