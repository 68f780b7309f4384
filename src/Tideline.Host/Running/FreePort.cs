using System.Net;
using System.Net.Sockets;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>
/// Looks whether an address and port can be had before anything else is started: a data folder is not made for a node
/// that cannot answer.
/// </summary>
internal static class FreePort
{
    /// <exception cref="TidelineException">AlreadyOwned: another program has it. InvalidInput: this user may not, or it
    /// is not an address of this machine.</exception>
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
    /// The endpoint itself, or, where its port is 0, with one that nobody listens on: for who must tell others of it
    /// before it listens.
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

    /// <summary>What to say of a port that somebody else has.</summary>
    public static TidelineException Taken(IPEndPoint endpoint, Exception fault) =>
        new(ErrorCode.AlreadyOwned, $"Port {endpoint.Port} on {endpoint.Address} is taken by another program; choose "
            + $"another with --port, or --port 0 for a free one.", fault);
}
