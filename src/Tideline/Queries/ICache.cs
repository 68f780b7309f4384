namespace Tideline.Queries;

/// <summary>
/// The cache: values under keys, each with a version that grows. It may forget anything at any time, and be late; it
/// never goes back. No call takes long and none fails: a cache that is slow or gone answers that it has nothing. One
/// contract, several engines (in process, Redis).
/// </summary>
public interface ICache : IAsyncDisposable
{
    /// <summary>
    /// What stands under a key, and the lease to fill it. Take the lease before reading what is to be filled: whatever
    /// is announced later, or forgotten, then keeps an older value out.
    /// </summary>
    ValueTask<CacheAnswer> GetAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Puts a value of 1 to <see cref="Kernel.Limits.CacheValueBytes"/> bytes under a key. Refused when it has another
    /// size, when the key was forgotten since the lease was taken, or when a newer version was filled or announced
    /// meanwhile. The cache keeps the memory: it must not change any more.
    /// </summary>
    ValueTask<CacheFill> FillAsync(
        string key, Guid lease, long version, ReadOnlyMemory<byte> value, CancellationToken cancel);

    /// <summary>Announces that a version exists: an older value is dropped, and none gets in any more.</summary>
    /// <returns>Whether it was done; if not, older values may still be there.</returns>
    ValueTask<bool> InvalidateAsync(string key, long version, CancellationToken cancel);
}

/// <summary>
/// What stands under a key: <paramref name="Value"/> null when nothing does. <paramref name="Lease"/> is empty when the
/// cache did not answer, and then nothing can be filled.
/// </summary>
public readonly record struct CacheAnswer(ReadOnlyMemory<byte>? Value, Guid Lease)
{
    /// <summary>Whether the cache answered in time.</summary>
    public bool IsAnswered => Lease != Guid.Empty;
}

/// <summary>How a fill ended.</summary>
public enum CacheFill
{
    /// <summary>It stands.</summary>
    Filled,

    /// <summary>It was too old or too large.</summary>
    Refused,

    /// <summary>The cache did not answer in time; it may stand or not.</summary>
    Unavailable,
}
