using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Tideline.Kernel;

namespace Tideline.Consistency;

/// <summary>
/// What a client has written or seen, as it travels in <c>Tideline-Token</c>: base64url of <c>epoch/shard:seq,shard:seq</c>, shards
/// rising. A read with it is never older. A token of an earlier installation epoch is refused: what it names may have been lost.
/// </summary>
public static class ConsistencyToken
{
    /// <summary>The token of some positions; of one shard the furthest counts. Empty when no position was written.</summary>
    public static string Encode(IEnumerable<Position> positions, int epoch)
    {
        var furthest = new SortedDictionary<int, long>();
        foreach (var position in positions)
        {
            if (position.Seq > furthest.GetValueOrDefault(position.Shard)) furthest[position.Shard] = position.Seq;
        }

        if (furthest.Count == 0) return "";
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{epoch}/{string.Join(',', furthest.Select(each => new Position(each.Key, each.Value)))}");
        return Base64Url.EncodeToString(Encoding.ASCII.GetBytes(text));
    }

    /// <summary>The positions of a token, one per shard.</summary>
    /// <exception cref="TidelineException">InvalidInput: it is no token, names a shard that is not there, or is of another epoch.</exception>
    public static IReadOnlyList<Position> Parse(string token, int shards, int epoch)
    {
        if (token.Length is 0 or > Limits.TokenCharacters || !Base64Url.IsValid(token)) throw Bad();
        var positions = new List<Position>();
        var last = -1;
        if (Encoding.ASCII.GetString(Base64Url.DecodeFromChars(token)).Split('/') is not [var epochText, var list]) throw Bad();
        if (!TryNumber(epochText, out var given) || given < 1 || given > epoch) throw Bad();
        if (given < epoch)
        {
            throw new TidelineException(
                ErrorCode.InvalidInput,
                "The consistency token is of the time before the installation was restored from a backup, and what it names may be lost. Read without it, or strong.");
        }

        foreach (var part in list.Split(','))
        {
            if (part.Split(':') is not [var shardText, var seqText] || !TryNumber(shardText, out var shard) || !TryNumber(seqText, out var seq)) throw Bad();
            if (shard <= last || shard >= shards || seq < 1) throw Bad();
            last = (int)shard;
            positions.Add(new Position(last, seq));
        }

        return positions;
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static TidelineException Bad() =>
        new(ErrorCode.InvalidInput, "The consistency token is not one of this installation. Send the Tideline-Token of an earlier answer as it was.");
}
