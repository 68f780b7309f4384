using System.Net;
using System.Net.Sockets;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>
/// Checks that an address and port are available before anything else is started, so that no data folder is created for
/// a node that cannot listen.
/// </summary>
internal static class FreePort
{
    /// <exception cref="TidelineException">AlreadyOwned: another program uses it. InvalidInput: this user may not use
    /// it, or it is not an address of this machine.</exception>
    public static void Require(IPEndPoint endpoint)
    {
        try
        {
            using var listener = new TcpListener(endpoint);
            listener.Start();
        }
        catch (SocketException fault)
        {
            throw fault.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => Taken(endpoint, fault),
                SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported => new TidelineException(
                    ErrorCode.InvalidInput, $"--listen {endpoint.Address} is not an address of this machine.", fault),
                _ => new TidelineException(ErrorCode.InvalidInput,
                    $"Port {endpoint.Port} on {endpoint.Address} cannot be used: {fault.Message}.", fault),
            };
        }
    }

    /// <summary>
    /// The endpoint itself, or, if its port is 0, the endpoint with a free port: for a process that must publish its
    /// port before it listens.
    /// </summary>
    /// <exception cref="TidelineException">As <see cref="Require"/>.</exception>
    public static IPEndPoint Choose(IPEndPoint endpoint)
    {
        Require(endpoint);
        if (endpoint.Port != 0) return endpoint;
        using var listener = new TcpListener(endpoint);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    /// <summary>The error for a port that another program uses.</summary>
    public static TidelineException Taken(IPEndPoint endpoint, Exception fault) =>
        new(ErrorCode.AlreadyOwned, $"Port {endpoint.Port} on {endpoint.Address} is taken by another program; choose "
            + $"another with --port, or --port 0 for a free one.", fault);
}
