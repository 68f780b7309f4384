using Tideline.Kernel;
using Tideline.Queries;

namespace Tideline.Engines.Cache.Memory;

/// <summary>
/// A bounded part of the keys of a <see cref="MemoryCache"/>, in two generations: when the younger is full, the older
/// is dropped. Used keys move to the younger.
/// </summary>
internal sealed class MemorySegment(TimeProvider time, IdGenerator ids, int entries, long bytes)
{
    // Approximate memory of a slot and its dictionary entry, in addition to key and value.
    private const int SlotBytes = 150;

    private readonly Lock _lock = new();
    private Dictionary<string, Slot> _young = [];
    private Dictionary<string, Slot> _old = [];
    private long _youngBytes;

    public int Count
    {
        get
        {
            lock (_lock) return _young.Count + _old.Count;
        }
    }

    public CacheAnswer Get(string key)
    {
        lock (_lock)
        {
            if (Find(key) is not { } slot) Put(key, slot = new Slot(ids.Next(), 0, null, Ends(CacheLimits.LeaseMs)));
            return new CacheAnswer(slot.Value, slot.Lease);
        }
    }

    public bool Fill(string key, Guid lease, long version, ReadOnlyMemory<byte> value)
    {
        lock (_lock)
        {
            if (Find(key) is not { } slot || slot.Lease != lease || slot.Version > version) return false;
            Put(key, new Slot(lease, version, value, Ends(CacheLimits.EntryMs)));
            return true;
        }
    }

    public void Invalidate(string key, long version)
    {
        lock (_lock)
        {
            // A key that is not cached needs no invalidation: its leases are no longer valid.
            if (Find(key) is { } slot && slot.Version < version)
                Put(key, slot with { Version = version, Value = null });
        }
    }

    private Slot? Find(string key)
    {
        if (!_young.TryGetValue(key, out var slot))
        {
            if (!_old.Remove(key, out slot)) return null;
            Put(key, slot);
        }

        if (time.GetTimestamp() < slot.EndsAt) return slot;
        Take(key);
        return null;
    }

    private void Put(string key, Slot slot)
    {
        Take(key);
        if (_young.Count >= entries / 2 || _youngBytes + Size(key, slot) > bytes / 2)
            (_old, _young, _youngBytes) = (_young, [], 0);
        _young[key] = slot;
        _youngBytes += Size(key, slot);
    }

    private void Take(string key)
    {
        if (_young.Remove(key, out var slot)) _youngBytes -= Size(key, slot);
    }

    private long Ends(int lifeMs) => time.GetTimestamp() + lifeMs * time.TimestampFrequency / 1_000;

    private static long Size(string key, Slot slot) =>
        SlotBytes + key.Length * sizeof(char) + (slot.Value?.Length ?? 0);

    private sealed record Slot(Guid Lease, long Version, ReadOnlyMemory<byte>? Value, long EndsAt);
}
