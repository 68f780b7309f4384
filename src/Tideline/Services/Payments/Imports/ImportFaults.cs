using System.Collections.Concurrent;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// What keeps imports from going on, as long as it does: an import is tried again for ever, so somebody must hear of
/// it.
/// </summary>
internal sealed class ImportFaults
{
    // By import and place in it: what goes well at one place does not take back what fails at another.
    private readonly ConcurrentDictionary<(Guid Import, string Place), (string What, string Reason)> _faults = new();

    /// <summary>Which import is tried again and why; null while none is.</summary>
    public string? Sentence
    {
        get
        {
            var faults = _faults.ToArray();
            if (faults.Length == 0) return null;
            var ((import, _), (what, reason)) = faults.MinBy(fault => fault.Key);
            var others = faults.DistinctBy(fault => fault.Key.Import).Count() - 1;
            return $"Import {import} does not go on and is tried again, {what}: {reason}"
                + (others == 0 ? "" : $" So are {others} others.");
        }
    }

    public void Set(Guid import, string place, string what, string reason) =>
        _faults[(import, place)] = (what, reason);

    public void Clear(Guid import, string place) => _faults.TryRemove((import, place), out _);

    /// <summary>The import has ended.</summary>
    public void Clear(Guid import)
    {
        foreach (var place in _faults.Keys.Where(key => key.Import == import)) _faults.TryRemove(place, out _);
    }
}
