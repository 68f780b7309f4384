using System.Buffers.Binary;
using Tideline.Engines.Cache;
using Tideline.Queries;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// A cache that the processes of a simulated installation share, as they do Redis. It may forget at any time. Processes
/// hold handles on it, <see cref="SimulatedCache"/>.
/// </summary>
internal sealed class CacheDisk
{
    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);
    private long _leases;

    /// <summary>Guards everything.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Forgets a key, and whoever has a lease of it.</summary>
    public void Forget(string key)
    {
        lock (Gate) _slots.Remove(key);
    }

    /// <summary>Forgets everything.</summary>
    public void Wipe()
    {
        lock (Gate) _slots.Clear();
    }

    /// <summary>As <see cref="ICache.GetAsync"/>, under the <see cref="Gate"/>.</summary>
    internal CacheAnswer Get(string key, long nowUs)
    {
        if (Find(key, nowUs) is not { } slot)
            _slots[key] = slot = new Slot(NextLease(), 0, null, nowUs + CacheLimits.LeaseMs * 1_000L);
        return new CacheAnswer(slot.Value, slot.Lease);
    }

    /// <summary>As <see cref="ICache.FillAsync"/>; answers whether it is cached.</summary>
    internal bool Fill(string key, Guid lease, long version, ReadOnlyMemory<byte> value, long nowUs)
    {
        if (value.Length is 0 or > QueryLimits.CacheValueBytes) return false;
        if (Find(key, nowUs) is not { } slot || slot.Lease != lease || slot.Version > version) return false;
        _slots[key] = new Slot(lease, version, value, nowUs + CacheLimits.EntryMs * 1_000L);
        return true;
    }

    /// <summary>As <see cref="ICache.InvalidateAsync"/>. A key that is not cached needs none.</summary>
    internal void Invalidate(string key, long version, long nowUs)
    {
        if (Find(key, nowUs) is { } slot && slot.Version < version)
            _slots[key] = slot with { Version = version, Value = null };
    }

    private Slot? Find(string key, long nowUs)
    {
        if (!_slots.TryGetValue(key, out var slot)) return null;
        if (nowUs < slot.EndsUs) return slot;
        _slots.Remove(key);
        return null;
    }

    // Counted, so that none is given twice, whoever asks.
    private Guid NextLease()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], ++_leases);
        return new Guid(bytes, bigEndian: true);
    }

    private sealed record Slot(Guid Lease, long Version, ReadOnlyMemory<byte>? Value, long EndsUs);
}
