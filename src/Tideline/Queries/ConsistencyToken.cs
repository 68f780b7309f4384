using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Queries;

/// <summary>
/// What a client has written or read, as sent in <c>Tideline-Token</c>: base64url of <c>epoch/shard:seq,shard:seq</c>,
/// shards ascending, and of the first bytes of the SHA-256 over the installation and that text. The hash detects tokens
/// that are truncated or come from elsewhere. A read with the token is never older. A token of an earlier installation
/// epoch is refused, because its positions may have been lost.
/// </summary>
public static class ConsistencyToken
{
    private const int CheckBytes = 4;

    /// <summary>
    /// The token of some positions; the furthest counts for each shard. Empty if no position was written.
    /// </summary>
    public static string Encode(IEnumerable<Position> positions, TokenScope scope)
    {
        var furthest = new SortedDictionary<int, long>();
        foreach (var position in positions)
        {
            if (position.Seq > furthest.GetValueOrDefault(position.Shard)) furthest[position.Shard] = position.Seq;
        }

        if (furthest.Count == 0) return "";
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{scope.Epoch}/{string.Join(',', furthest.Select(each => new Position(each.Key, each.Value)))}");
        byte[] content = Encoding.ASCII.GetBytes(text);
        return Base64Url.EncodeToString([.. content, .. CheckOf(content, scope)]);
    }

    /// <summary>The positions of a token, one per shard.</summary>
    /// <exception cref="TidelineException">InvalidInput: not a token, or it names an unknown shard, or another
    /// epoch.</exception>
    public static IReadOnlyList<Position> Parse(string token, TokenScope scope)
    {
        if (token.Length is 0 or > Limits.TokenCharacters || !Base64Url.IsValid(token)) throw Bad();
        var positions = new List<Position>();
        var last = -1;
        var bytes = Base64Url.DecodeFromChars(token);
        if (bytes.Length <= CheckBytes) throw Bad();
        var (content, check) = (bytes[..^CheckBytes], bytes[^CheckBytes..]);
        if (!check.AsSpan().SequenceEqual(CheckOf(content, scope))) throw Bad();
        if (Encoding.ASCII.GetString(content).Split('/') is not [var epochText, var list]) throw Bad();
        if (!TryNumber(epochText, out var given) || given < 1 || given > scope.Epoch) throw Bad();
        if (given < scope.Epoch)
        {
            throw new TidelineException(
                ErrorCode.InvalidInput,
                "The consistency token is from before the installation was restored from a backup; the writes that it "
                    + "names may be lost. Read without it, or use a strong read.");
        }

        foreach (var part in list.Split(','))
        {
            if (part.Split(':') is not [var shardText, var seqText]
                || !TryNumber(shardText, out var shard) || !TryNumber(seqText, out var seq)) throw Bad();
            if (shard <= last || shard >= scope.Shards || seq < 1) throw Bad();
            last = (int)shard;
            positions.Add(new Position(last, seq));
        }

        return positions;
    }

    private static byte[] CheckOf(ReadOnlySpan<byte> content, TokenScope scope)
    {
        var text = content.Length <= 112 ? stackalloc byte[128] : new byte[16 + content.Length];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        scope.Installation.TryWriteBytes(text);
        content.CopyTo(text[16..]);
        SHA256.HashData(text[..(16 + content.Length)], hash);
        return hash[..CheckBytes].ToArray();
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static TidelineException Bad() =>
        new(ErrorCode.InvalidInput, "The consistency token is not from this installation. Send the Tideline-Token of "
            + "an earlier response unchanged.");
}

/// <summary>The installation and epoch in which tokens are valid.</summary>
/// <param name="Installation">The installation.</param>
/// <param name="Shards">The number of its shards.</param>
/// <param name="Epoch">Its present epoch.</param>
public sealed record TokenScope(Guid Installation, int Shards, long Epoch)
{
    /// <summary>The scope of a ledger's tokens; fixed while the program runs.</summary>
    public static TokenScope Of(GeneralLedger ledger) =>
        new(ledger.Installation, ledger.Map.Shards, ledger.InstallationEpoch);
}
