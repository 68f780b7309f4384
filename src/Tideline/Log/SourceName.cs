using System.Globalization;

namespace Tideline.Log;

/// <summary>
/// The name of a source of records, which says where its sequence begins: <c>shard-0</c> from 1,
/// <c>shard-0.1769860800000000.128</c> (an installation epoch that began in 2026) from 129. So a log needs to be told
/// nothing when an epoch begins, or when it lost what the ledger cannot give it again: <c>shard-0.1.57</c> goes on
/// after 57.
/// </summary>
/// <param name="Producer">What appends, as in <c>shard</c>.</param>
/// <param name="Shard">Its shard.</param>
/// <param name="Epoch">The number of the installation epoch.</param>
/// <param name="After">The number that the source's first record follows.</param>
public readonly record struct SourceName(string Producer, int Shard, long Epoch, long After)
{
    /// <summary>The number that the first record of a source follows; 0 for a name of another form.</summary>
    public static long AfterOf(string name) => Parse(name)?.After ?? 0;

    /// <summary>Reads a name; null when it is none.</summary>
    public static SourceName? Parse(string name)
    {
        var dash = name.LastIndexOf('-');
        if (dash < 1) return null;
        var parts = name[(dash + 1)..].Split('.');
        if (parts.Length is not (1 or 3) || !TryNumber(parts[0], out var shard) || shard > int.MaxValue) return null;
        if (parts.Length == 1) return new SourceName(name[..dash], (int)shard, 1, 0);
        return TryNumber(parts[1], out var epoch) && epoch >= 1 && TryNumber(parts[2], out var after)
            && (epoch, after) is not (1, 0)
            ? new SourceName(name[..dash], (int)shard, epoch, after)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => (Epoch, After) is (1, 0)
        ? string.Create(CultureInfo.InvariantCulture, $"{Producer}-{Shard}")
        : string.Create(CultureInfo.InvariantCulture, $"{Producer}-{Shard}.{Epoch}.{After}");

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
