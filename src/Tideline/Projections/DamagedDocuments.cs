using System.Collections.Concurrent;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Damaged documents that this process met and nobody has healed yet, for probes and metrics. Bounded: more of them
/// tell nothing more. Each is looked at again now and then, so that one that was healed, by whatever process, leaves
/// the list.
/// </summary>
public sealed class DamagedDocuments
{
    private readonly ConcurrentDictionary<(string Collection, string Id), string> _known = new();

    /// <summary>How many are known.</summary>
    public int Count => _known.Count;

    /// <summary>What is wrong, and the command that heals it; null when no damaged document is known.</summary>
    public string? Sentence()
    {
        foreach (var ((collection, id), damage) in _known)
        {
            return $"{_known.Count} documents of the views are damaged, such as '{id}' of {collection}: {damage}. " +
                $"{ViewRepair.Command} rebuilds one.";
        }

        return null;
    }

    internal void Note(string collection, string id, string damage)
    {
        if (_known.Count < ProjectionLimits.DamagedDocuments || _known.ContainsKey((collection, id)))
            _known[(collection, id)] = damage;
    }

    internal void Forget(string collection, string id) => _known.TryRemove((collection, id), out _);

    /// <summary>Forgets what is sound again, gone, or of a version that no longer answers.</summary>
    internal async Task LookAgainAsync(
        IViewStore views, IReadOnlyList<ViewNames> answering, CancellationToken cancel)
    {
        foreach (var (collection, id) in _known.Keys)
        {
            var definition = answering.Select(names => names.Find(collection))
                .FirstOrDefault(found => found is not null);
            var damage = definition is not null && await views.ReadAsync(collection, [id], cancel) is [var stored]
                ? definition.FindDamage(stored) : null;
            if (damage is null) Forget(collection, id);
        }
    }
}
