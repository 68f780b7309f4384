using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Queries;

/// <summary>
/// What a client has written or seen, as it travels in <c>Tideline-Token</c>: base64url of
/// <c>epoch/shard:seq,shard:seq</c>, shards rising, and of the first bytes of the SHA-256 of the installation and that
/// text, so that one that was cut short or comes from elsewhere is told from one that was given here. A read with it is
/// never older. A token of an earlier installation epoch is refused: what it names may have been lost.
/// </summary>
public static class ConsistencyToken
{
    private const int CheckBytes = 4;

    /// <summary>
    /// The token of some positions; of one shard the furthest counts. Empty when no position was written.
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
    /// <exception cref="TidelineException">InvalidInput: it is no token, names a shard that is not there, or is of
    /// another epoch.</exception>
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
                "The consistency token is of the time before the installation was restored from a backup, and what it "
                    + "names may be lost. Read without it, or strong.");
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

/// <summary>Where tokens are good.</summary>
/// <param name="Installation">The installation.</param>
/// <param name="Shards">How many shards it has.</param>
/// <param name="Epoch">Its present epoch.</param>
public sealed record TokenScope(Guid Installation, int Shards, long Epoch)
{
    /// <summary>The scope of a ledger's tokens; fixed while the program runs.</summary>
    public static TokenScope Of(GeneralLedger ledger) =>
        new(ledger.Installation, ledger.Map.Shards, ledger.InstallationEpoch);
}
