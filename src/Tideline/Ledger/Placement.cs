using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// Maps each shard of an installation to the group of servers that holds it. The map is versioned and stored with the
/// data. The number of shards is fixed when the data is created. Adding groups to the configuration moves no shard.
/// </summary>
/// <param name="Version">Increases with every change of the map; 1 for new data.</param>
/// <param name="Shards">The place of each shard, by its number.</param>
public sealed record Placement(long Version, IReadOnlyList<ShardPlace> Shards)
{
    /// <summary>The placement of new data, spread evenly over groups.</summary>
    public static Placement Over(int shards, int groups) =>
        new(1, [.. Enumerable.Range(0, shards).Select(shard => new ShardPlace(shard % groups, 1))]);

    /// <summary>Whether both maps are equal.</summary>
    public bool IsSame(Placement other) => Version == other.Version && Shards.SequenceEqual(other.Shards);

    /// <exception cref="TidelineException">Corrupt: it is not a valid map. InvalidInput: it names a group that the
    /// configuration does not have.</exception>
    public void Require(int groups)
    {
        if (Version < 1 || Shards.Count is < 1 or > Limits.Shards
            || Shards.Any(place => place.Group is < 0 or >= Limits.Shards || place.Epoch < 1))
            throw new TidelineException(ErrorCode.Corrupt, $"Version {Version} of the placement is not valid.");
        if (Shards.Index().FirstOrDefault(shard => shard.Item.Group >= groups) is { Item.Epoch: > 0 } lost)
            throw new TidelineException(
                ErrorCode.InvalidInput,
                $"Shard {lost.Index} is placed on MySQL group {lost.Item.Group}, but the configuration names only "
                + $"{groups}: name every group, in the order of when the data was created.");
    }
}

/// <summary>The place of a shard.</summary>
/// <param name="Group">The group of servers, by its number in the configuration.</param>
/// <param name="Epoch">Increases when the shard moves to another group.</param>
public readonly record struct ShardPlace(int Group, long Epoch);
