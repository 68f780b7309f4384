using System.Security.Cryptography;
using System.Text;

namespace Tideline.Ledger;

/// <summary>
/// Hashes client keys and requests into the 128-bit values that the ledger stores (SHA-256, truncated).
/// </summary>
public static class Idempotency
{
    /// <summary>
    /// The stored form of a client's key within a scope (the principal; <c>""</c> while there is only one).
    /// </summary>
    public static Guid Key(string scope, string key) => Hash($"{scope.Length}:{scope}{key}");

    /// <summary>
    /// The fingerprint of a request: every field that a repeat must have in common, in a fixed order, separated
    /// unambiguously.
    /// </summary>
    public static Guid Fingerprint(string canonicalRequest) => Hash(canonicalRequest);

    private static Guid Hash(string text)
    {
        Span<byte> utf8 = text.Length <= 512 ? stackalloc byte[text.Length * 3] : new byte[text.Length * 3];
        var length = Encoding.UTF8.GetBytes(text, utf8);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(utf8[..length], hash);
        return new Guid(hash[..16], bigEndian: true);
    }
}
