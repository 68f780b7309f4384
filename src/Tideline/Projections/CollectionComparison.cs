using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>What a document of the live version and its rebuilt one are to each other.</summary>
internal enum Agreement
{
    /// <summary>They say the same.</summary>
    Same,

    /// <summary>One of them is wrong.</summary>
    Differs,

    /// <summary>One of them is ahead: look again later.</summary>
    Moving,

    /// <summary>The live one waits for dead letters.</summary>
    Blocked,
}

/// <summary>
/// Judges one id; a document is null where its version has none. When <paramref name="isStill"/>, both versions stand
/// at the same positions.
/// </summary>
internal delegate Agreement Judge(string id, Document? live, Document? built, bool isStill);

/// <summary>
/// Compares a collection in two versions, document by document: both are walked side by side in the order of their ids,
/// so whatever only one of them has is seen too. What is in motion is noted and looked at again.
/// </summary>
internal sealed class CollectionComparison(IViewStore views, string name, string live, string built, Judge judge)
{
    private const int SampleIds = 20;
    private readonly HashSet<string> _moving = new(StringComparer.Ordinal);
    private readonly List<string> _differing = [];
    private long _compared;
    private long _differ;
    private long _blocked;

    public ComparedCollection Result => new(name, _compared, _differ, _blocked, [.. _differing]);

    /// <summary>Walks the whole collection while both versions change; tells now and then that it goes on.</summary>
    public async Task CompareAllAsync(Action goesOn, CancellationToken cancel)
    {
        var (left, right) = (new DocumentStream(views, live), new DocumentStream(views, built));
        await left.NextAsync(cancel);
        await right.NextAsync(cancel);
        var looked = 0L;
        while (left.Current is not null || right.Current is not null)
        {
            var order = left.Current is null
                ? 1
                : right.Current is null ? -1 : string.CompareOrdinal(left.Current.Id, right.Current.Id);
            Look(order <= 0 ? left.Current!.Id : right.Current!.Id,
                order <= 0 ? left.Current : null, order >= 0 ? right.Current : null, isStill: false);
            if (order <= 0) await left.NextAsync(cancel);
            if (order >= 0) await right.NextAsync(cancel);
            if (++looked % Limits.EventBatch == 0) goesOn();
        }
    }

    /// <summary>Looks again at what was in motion; when <paramref name="isStill"/>, for good.</summary>
    public async Task CompareMovingAsync(bool isStill, CancellationToken cancel)
    {
        var moving = _moving.ToArray();
        _moving.Clear();
        foreach (var ids in moving.Chunk(Limits.EventBatch)) await CompareAsync(ids, isStill, cancel);
    }

    /// <summary>Looks at these documents; when <paramref name="isStill"/>, for good.</summary>
    public async Task CompareAsync(IReadOnlyList<string> ids, bool isStill, CancellationToken cancel)
    {
        if (ids.Count == 0) return;
        var left = (await ReadAsync(live, ids, cancel)).ToDictionary(document => document.Id, StringComparer.Ordinal);
        var right = (await ReadAsync(built, ids, cancel)).ToDictionary(document => document.Id, StringComparer.Ordinal);
        foreach (var id in ids) Look(id, left.GetValueOrDefault(id), right.GetValueOrDefault(id), isStill);
    }

    private async Task<IReadOnlyList<Document>> ReadAsync(
        string collection, IReadOnlyList<string> ids, CancellationToken cancel)
    {
        try
        {
            return await views.ReadAsync(collection, ids, cancel);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            return [];
        }
    }

    private void Look(string id, Document? ofLive, Document? ofBuilt, bool isStill)
    {
        var agreement = judge(id, ofLive, ofBuilt, isStill);
        if (agreement == Agreement.Moving)
        {
            _moving.Add(id);
            return;
        }

        _moving.Remove(id);
        switch (agreement)
        {
            case Agreement.Blocked:
                _blocked++;
                return;
            case Agreement.Differs:
                _differ++;
                if (_differing.Count < SampleIds) _differing.Add(id);
                break;
        }

        _compared++;
    }
}
