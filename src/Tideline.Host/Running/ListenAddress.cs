using System.Net;
using System.Net.Sockets;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>The address that a node listens on.</summary>
internal static class ListenAddress
{
    /// <summary>
    /// Loopback: there is no authentication, so other machines can reach the node only if an operator allows it.
    /// </summary>
    public const string Default = "127.0.0.1";

    /// <exception cref="TidelineException">InvalidInput: it is not an address.</exception>
    public static IPAddress Parse(string text) =>
        // Abbreviated IPv4 forms are more often typing errors.
        IPAddress.TryParse(text, out var address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text)
            ? address
            : throw new TidelineException(ErrorCode.InvalidInput,
                $"--listen (TIDELINE_LISTEN) must be an IP address such "
                + $"as 127.0.0.1, 0.0.0.0 or ::, without a port, not '{text}'.");

    /// <summary>
    /// The address at which programs of this machine reach a server that listens on <paramref name="address"/>:
    /// loopback if it listens on all addresses.
    /// </summary>
    public static string Reached(string address) =>
        address.Replace("://0.0.0.0:", "://127.0.0.1:", StringComparison.Ordinal)
            .Replace("://[::]:", "://[::1]:", StringComparison.Ordinal);
}
