namespace Tideline.Queries;

/// <summary>What can come of asking the cache.</summary>
public enum CacheOutcome
{
    /// <summary>A read was answered from the cache.</summary>
    Hit,

    /// <summary>What was there did not prove to be as fresh as asked.</summary>
    Stale,

    /// <summary>Nothing was there.</summary>
    Miss,

    /// <summary>The cache did not answer a read.</summary>
    ReadFault,

    /// <summary>A document was filled.</summary>
    Filled,

    /// <summary>A fill was too old or too large.</summary>
    FillRefused,

    /// <summary>The cache did not answer a fill.</summary>
    FillFault,

    /// <summary>A change was announced.</summary>
    Invalidated,

    /// <summary>A change could not be announced, so all that was filled before is passed over.</summary>
    InvalidationFault,
}

/// <summary>Counts what came of asking the cache. Lock-free: it is on the hot path.</summary>
public sealed class CacheCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<CacheOutcome>().Length];

    /// <summary>How often, since the start.</summary>
    public long this[CacheOutcome outcome] => Volatile.Read(ref _counts[(int)outcome]);

    internal void Record(CacheOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);
}
