using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tideline.Kernel;

/// <summary>
/// Ids that the program derives from other ids: UUID version 8 (RFC 9562) with the first bits of SHA-256 over a domain
/// and its parts. All other ids of the program are version 7, and clients may not send a version 8, so a client cannot
/// take a derived id in advance.
/// </summary>
public static class DerivedId
{
    private const int Version = 8;

    /// <summary>
    /// The id of <paramref name="parts"/> within a domain. Two domains never give the same id for the same parts.
    /// </summary>
    public static Guid Of(string domain, string parts)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var text = string.Create(CultureInfo.InvariantCulture, $"{domain.Length}:{domain}{parts}");
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | (Version << 4));
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>As <see cref="Of"/>, for an id that lives on a given shard.</summary>
    public static Guid On(int shard, ShardMap map, string domain, string parts)
    {
        for (var salt = 0; ; salt++)
        {
            var id = Of(domain, string.Create(CultureInfo.InvariantCulture, $"{salt}:{parts}"));
            if (map.ShardOf(id) == shard)
                return id;
        }
    }

    /// <summary>Whether the program reserves the id: a derived id, or the id of an account of the bank.</summary>
    public static bool IsDerived(Guid id) => id.Version == Version;
}
