using System.Net;
using Tideline.Kernel;

namespace Tideline.Gateway.Door;

/// <summary>
/// The hosts that a node answers for: loopback, the address that a connection came in on, and the names that an
/// operator gives. With DNS rebinding a web page reaches a node under a name of its own, and that name is none of them.
/// </summary>
public sealed class HostNames
{
    private readonly HashSet<string> _names;

    /// <param name="names">Names or addresses without a port, beside loopback.</param>
    /// <exception cref="TidelineException">InvalidInput: one of them is neither a name nor an address.</exception>
    public HostNames(IEnumerable<string> names) =>
        _names = new(names.Select(Require), StringComparer.OrdinalIgnoreCase) { "localhost" };

    /// <summary>Loopback and the address that a connection came in on.</summary>
    public static HostNames Loopback { get; } = new([]);

    /// <summary>
    /// Whether a request with this <c>Host</c>, on a connection to <paramref name="local"/>, is for this node. The
    /// port does not count.
    /// </summary>
    public bool Contains(HostString host, IPAddress? local)
    {
        if (!host.HasValue) return false;
        var name = Plain(host.Host);
        if (_names.Contains(name)) return true;
        if (!IPAddress.TryParse(name, out var address)) return false;
        return IPAddress.IsLoopback(address) || (local is not null && Short(address).Equals(Short(local)));
    }

    // Without the dot at the end of a full name, and without the brackets of IPv6.
    private static string Plain(string name) =>
        name is ['[', .. var inner, ']'] ? inner : name.EndsWith('.') ? name[..^1] : name;

    private static IPAddress Short(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static string Require(string name) => Uri.CheckHostName(Plain(name)) != UriHostNameType.Unknown
        ? Plain(name)
        : throw new TidelineException(
            ErrorCode.InvalidInput,
            $"--hosts (TIDELINE_HOSTS) lists names or addresses (bank.example,10.0.0.7), no ports; '{name}' is none.");
}
