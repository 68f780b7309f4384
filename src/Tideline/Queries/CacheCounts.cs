namespace Tideline.Queries;

/// <summary>The outcome of a cache operation.</summary>
public enum CacheOutcome
{
    /// <summary>A read was answered from the cache.</summary>
    Hit,

    /// <summary>The cached document was not provably fresh enough for the read.</summary>
    Stale,

    /// <summary>The cache had no entry.</summary>
    Miss,

    /// <summary>The cache did not answer a read.</summary>
    ReadFault,

    /// <summary>An entry was filled.</summary>
    Filled,

    /// <summary>A fill was too old or too large, and was refused.</summary>
    FillRefused,

    /// <summary>The cache did not answer a fill.</summary>
    FillFault,

    /// <summary>A change was sent to the cache.</summary>
    Invalidated,

    /// <summary>A change could not be sent to the cache, so everything filled before is ignored.</summary>
    InvalidationFault,
}

/// <summary>Counts the outcomes of cache operations. Lock-free, since it is on the hot path.</summary>
public sealed class CacheCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<CacheOutcome>().Length];

    /// <summary>The number of occurrences since the start.</summary>
    public long this[CacheOutcome outcome] => Volatile.Read(ref _counts[(int)outcome]);

    internal void Record(CacheOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);
}
