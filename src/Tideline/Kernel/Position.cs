namespace Tideline.Kernel;

/// <summary>
/// The place of an event in the strong tier: <paramref name="Seq"/> counts from 1 without gaps, in commit
/// order, within <paramref name="Shard"/>.
/// </summary>
public readonly record struct Position(int Shard, long Seq)
{
    /// <summary>Written <c>shard:seq</c>.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Shard}:{Seq}");
}
