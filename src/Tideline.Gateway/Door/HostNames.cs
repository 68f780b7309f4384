using System.Net;
using Tideline.Kernel;

namespace Tideline.Gateway.Door;

/// <summary>
/// The hosts that a node answers for: loopback, the local address of the connection, and the names that an operator
/// configures. In a DNS rebinding attack, a web page reaches a node under the attacker's host name, which is none of
/// these.
/// </summary>
public sealed class HostNames
{
    private readonly HashSet<string> _names;

    /// <param name="names">Names or addresses without a port, in addition to loopback.</param>
    /// <exception cref="TidelineException">InvalidInput: one of them is neither a name nor an address.</exception>
    public HostNames(IEnumerable<string> names) =>
        _names = new(names.Select(Require), StringComparer.OrdinalIgnoreCase) { "localhost" };

    /// <summary>Loopback and the local address of the connection.</summary>
    public static HostNames Loopback { get; } = new([]);

    /// <summary>
    /// Whether a request with this <c>Host</c>, on a connection to <paramref name="local"/>, is for this node. The port
    /// is ignored.
    /// </summary>
    public bool Contains(HostString host, IPAddress? local)
    {
        if (!host.HasValue) return false;
        var name = Plain(host.Host);
        if (_names.Contains(name)) return true;
        if (!IPAddress.TryParse(name, out var address)) return false;
        return IPAddress.IsLoopback(address) || (local is not null && Short(address).Equals(Short(local)));
    }

    // Without the trailing dot of a fully qualified name, and without the brackets of IPv6.
    private static string Plain(string name) =>
        name is ['[', .. var inner, ']'] ? inner : name.EndsWith('.') ? name[..^1] : name;

    private static IPAddress Short(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static string Require(string name) => Uri.CheckHostName(Plain(name)) != UriHostNameType.Unknown
        ? Plain(name)
        : throw new TidelineException(
            ErrorCode.InvalidInput,
            $"--hosts (TIDELINE_HOSTS) lists names or addresses (bank.example,10.0.0.7), no ports, not '{name}'.");
}
