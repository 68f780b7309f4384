using System.Globalization;
using System.Net;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Host.Running;

/// <summary>The URL at which the other processes of an installation reach this one.</summary>
internal static class PeerAddress
{
    /// <summary>
    /// The configured address, or by default the address that it listens on, with the machine's name if it listens on
    /// all addresses.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: the configured value is not an address.</exception>
    public static string Of(string? given, IPEndPoint endpoint)
    {
        if (given is not null) return Parse(given);
        var isAny = endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any);
        return new UriBuilder(Uri.UriSchemeHttp, isAny ? Dns.GetHostName() : endpoint.Address.ToString(), endpoint.Port)
            .Uri.GetLeftPart(UriPartial.Authority);
    }

    private static string Parse(string text) =>
        text.Length <= LedgerLimits.PeerAddressCharacters && Uri.TryCreate(text, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        && address is { PathAndQuery: "/", Fragment.Length: 0, UserInfo.Length: 0 }
            ? address.GetLeftPart(UriPartial.Authority)
            : throw new TidelineException(
                ErrorCode.InvalidInput, string.Create(CultureInfo.InvariantCulture,
                    $"--address (TIDELINE_ADDRESS) must be a URL of this process, such as http://node-1:7400, of at "
                        + $"most {LedgerLimits.PeerAddressCharacters} characters, not '{text}'."));
}
