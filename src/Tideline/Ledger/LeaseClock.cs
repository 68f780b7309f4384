namespace Tideline.Ledger;

/// <summary>
/// Measures on this process's own clock for how long its lease on a shard surely lasts. The store ends the lease on its
/// clock, later than that: it renews when it executes the request, and this counts from before the request was sent.
/// </summary>
/// <param name="time">The process's clock.</param>
/// <param name="askedAt">When the shard was requested, a timestamp of that clock.</param>
/// <param name="hasLease">As <see cref="IShardStore.HasLease"/>.</param>
internal sealed class LeaseClock(TimeProvider time, long askedAt, bool hasLease)
{
    // A commit may pass that renews nothing, because another one has done so a moment ago.
    private const int SureMs = LedgerLimits.LeaseMs - LedgerLimits.LeaseRenewMs;
    private long _askedAt = askedAt;

    /// <summary>For how long another process may have owned the shard, microseconds; 0: none may.</summary>
    public long OverdueUs => !hasLease ? 0 : Math.Max(
        0, (long)(time.GetElapsedTime(Volatile.Read(ref _askedAt)).TotalMilliseconds - SureMs) * 1_000);

    /// <summary>A commit or a renewal was carried out.</summary>
    /// <param name="sentAt">When it was sent.</param>
    public void Renew(long sentAt) => Volatile.Write(ref _askedAt, sentAt);
}
