using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>The shards that a process prefers, as in <c>0,2-3</c>.</summary>
internal static class OwnShards
{
    /// <exception cref="TidelineException">InvalidInput: it is not such a list.</exception>
    public static IReadOnlySet<int> Parse(string text)
    {
        var shards = new HashSet<int>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || Number(ends[0]) is not { } first || Number(ends[^1]) is not { } last || last < first)
                throw Wrong(text);
            for (var shard = first; shard <= last; shard++) shards.Add(shard);
        }

        return shards;
    }

    private static int? Number(string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var shard)
            && shard < Limits.Shards ? shard : null;

    private static TidelineException Wrong(string text) =>
        new(ErrorCode.InvalidInput,
            $"--own (TIDELINE_OWN) must list shards from 0 to {Limits.Shards - 1}, such as 0,2-3, not '{text}'.");
}
