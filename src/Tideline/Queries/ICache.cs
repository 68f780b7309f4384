namespace Tideline.Queries;

/// <summary>
/// The cache: values under keys, each with a version that only grows. It may forget anything at any time and may be
/// late, but never goes back to an older version. No call takes long and none fails: a slow or unreachable cache
/// answers that it has no entry. One contract, several engines (in process, Redis).
/// </summary>
public interface ICache : IAsyncDisposable
{
    /// <summary>
    /// The value of a key, and the lease to fill it. Take the lease before reading the value to fill: anything that is
    /// invalidated or forgotten later then rejects an older value.
    /// </summary>
    ValueTask<CacheAnswer> GetAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Fills a key with a value of 1 to <see cref="QueryLimits.CacheValueBytes"/> bytes. Refused if the value has
    /// another size, if the key was forgotten since the lease was taken, or if a newer version was filled or
    /// invalidated meanwhile. The cache keeps the memory: the caller must not change it afterwards.
    /// </summary>
    ValueTask<CacheFill> FillAsync(
        string key, Guid lease, long version, ReadOnlyMemory<byte> value, CancellationToken cancel);

    /// <summary>Announces that a version exists: an older value is dropped, and can no longer be filled.</summary>
    /// <returns>Whether the cache accepted it; if not, older values may still be cached.</returns>
    ValueTask<bool> InvalidateAsync(string key, long version, CancellationToken cancel);
}

/// <summary>
/// The value of a key; <paramref name="Value"/> is null if there is none. <paramref name="Lease"/> is empty if the
/// cache did not answer; then nothing can be filled.
/// </summary>
public readonly record struct CacheAnswer(ReadOnlyMemory<byte>? Value, Guid Lease)
{
    /// <summary>Whether the cache answered in time.</summary>
    public bool IsAnswered => Lease != Guid.Empty;
}

/// <summary>The outcome of a fill.</summary>
public enum CacheFill
{
    /// <summary>The value is cached.</summary>
    Filled,

    /// <summary>It was too old or too large.</summary>
    Refused,

    /// <summary>The cache did not answer in time; the value may be cached or not.</summary>
    Unavailable,
}
