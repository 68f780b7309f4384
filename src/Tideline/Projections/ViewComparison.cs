using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Compares the customer documents of two versions of the views. Documents with the same clock hold the same events, so they must be equal whatever else goes on; those
/// whose clocks differ are in motion and are looked at again when both versions stand still at the same positions.
/// </summary>
internal sealed class ViewComparison(IViewStore views, ViewNames live, ViewNames built, DeadLetters letters, DateOnly today)
{
    private const int SampleIds = 20;
    private readonly HashSet<string> _moving = new(StringComparer.Ordinal);
    private readonly List<string> _differing = [];

    public long Compared { get; private set; }

    public long Differing { get; private set; }

    public long Blocked { get; private set; }

    public IReadOnlyList<string> DifferingIds => _differing;

    /// <summary>Compares everything, a page at a time, while both versions change.</summary>
    public async Task CompareAllAsync(CancellationToken cancel)
    {
        string? after = null;
        while (await PageAsync(live.Customers, after, cancel) is { Count: > 0 } page)
        {
            await ComparePageAsync([.. page.Select(document => document.Id)], page, isStill: false, cancel);
            after = page[^1].Id;
        }

        // Documents that only the built version has.
        after = null;
        while (await PageAsync(built.Customers, after, cancel) is { Count: > 0 } page)
        {
            var known = (await views.ReadAsync(live.Customers, [.. page.Select(document => document.Id)], cancel)).Select(document => document.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var document in page.Where(document => !known.Contains(document.Id))) _moving.Add(document.Id);
            after = page[^1].Id;
        }
    }

    /// <summary>Compares what was in motion; both versions stand at the same positions.</summary>
    public async Task CompareMovingAsync(CancellationToken cancel)
    {
        var moving = _moving.ToArray();
        _moving.Clear();
        foreach (var ids in moving.Chunk(Limits.PageRows))
            await ComparePageAsync(ids, await views.ReadAsync(live.Customers, ids, cancel), isStill: true, cancel);
    }

    private async ValueTask<IReadOnlyList<Document>> PageAsync(string collection, string? after, CancellationToken cancel) => await views.QueryAsync(
        new DocumentQuery(collection, new Dictionary<string, object>(), null, null, null, Descending: false, [], null, after is null ? null : ("", after), Limits.PageRows), cancel);

    private async Task ComparePageAsync(string[] ids, IReadOnlyList<Document> ofLive, bool isStill, CancellationToken cancel)
    {
        var left = ofLive.ToDictionary(document => document.Id, document => ViewJson.Customer(document.Json), StringComparer.Ordinal);
        var right = (await views.ReadAsync(built.Customers, ids, cancel)).ToDictionary(document => document.Id, document => ViewJson.Customer(document.Json), StringComparer.Ordinal);
        foreach (var id in ids)
        {
            if (letters.IsBlocked(Guid.Parse(id))) Blocked++;
            else if (!isStill && !HaveSameClock(left.GetValueOrDefault(id), right.GetValueOrDefault(id))) _moving.Add(id);
            else Judge(id, left.GetValueOrDefault(id), right.GetValueOrDefault(id));
        }
    }

    private void Judge(string id, CustomerDocument? left, CustomerDocument? right)
    {
        Compared++;
        if (left is null && right is null) return;
        if (left is not null && right is not null && Bytes(left).AsSpan().SequenceEqual(Bytes(right))) return;
        Differing++;
        if (_differing.Count < SampleIds) _differing.Add(id);
    }

    // Aging may have reached one and not yet the other.
    private byte[] Bytes(CustomerDocument document) =>
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(Fold.Age(document, today), ViewJson.Default.CustomerDocument);

    private static bool HaveSameClock(CustomerDocument? left, CustomerDocument? right) =>
        left is not null && right is not null && left.Clock.Count == right.Clock.Count && left.Clock.SequenceEqual(right.Clock);
}
