using System.Net;
using System.Net.Sockets;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>The address that a node listens on.</summary>
internal static class ListenAddress
{
    /// <summary>Loopback: there is no authentication, so nobody else reaches it unless an operator says so.</summary>
    public const string Default = "127.0.0.1";

    /// <exception cref="TidelineException">InvalidInput: it is no address.</exception>
    public static IPAddress Parse(string text) =>
        // The shorter ways to write an address of four numbers are more often slips.
        IPAddress.TryParse(text, out var address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text)
            ? address
            : throw new TidelineException(ErrorCode.InvalidInput,
                $"--listen (TIDELINE_LISTEN) must be an IP address such "
                + $"as 127.0.0.1, 0.0.0.0 or ::, without a port, not '{text}'.");

    /// <summary>
    /// Where programs of this machine reach a server that listens on <paramref name="address"/>: one that listens on
    /// all addresses, on loopback.
    /// </summary>
    public static string Reached(string address) =>
        address.Replace("://0.0.0.0:", "://127.0.0.1:", StringComparison.Ordinal)
            .Replace("://[::]:", "://[::1]:", StringComparison.Ordinal);
}
