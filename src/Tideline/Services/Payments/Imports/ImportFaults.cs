using System.Collections.Concurrent;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// The present faults of imports. An import is retried indefinitely, so operators must see why it does not progress.
/// </summary>
internal sealed class ImportFaults
{
    // Keyed by import and place in it: a success at one place does not clear the fault of another.
    private readonly ConcurrentDictionary<(Guid Import, string Place), (string What, string Reason)> _faults = new();

    /// <summary>The import that is being retried, and why; null if there is none.</summary>
    public string? Sentence
    {
        get
        {
            var faults = _faults.ToArray();
            if (faults.Length == 0) return null;
            var ((import, _), (what, reason)) = faults.MinBy(fault => fault.Key);
            var others = faults.DistinctBy(fault => fault.Key.Import).Count() - 1;
            return $"Import {import} makes no progress and is retried, {what}: {reason}"
                + (others == 0 ? "" : $" So are {others} others.");
        }
    }

    public void Set(Guid import, string place, string what, string reason) =>
        _faults[(import, place)] = (what, reason);

    public void Clear(Guid import, string place) => _faults.TryRemove((import, place), out _);

    /// <summary>The import has ended: clears its faults.</summary>
    public void Clear(Guid import)
    {
        foreach (var place in _faults.Keys.Where(key => key.Import == import)) _faults.TryRemove(place, out _);
    }
}
