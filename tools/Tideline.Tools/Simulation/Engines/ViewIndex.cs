using Tideline.Views;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>An index of a collection; one without fields has the documents by their ids.</summary>
/// <param name="names">The names of its fields.</param>
/// <param name="places">Where they stand among the values of a row.</param>
internal sealed class ViewIndex(IReadOnlyList<string> names, int[] places)
{
    private readonly SortedSet<IndexKey> _keys = new(IndexOrder.Instance);

    public IReadOnlyList<string> Names => names;

    public void Add(ViewRow row) => _keys.Add(KeyOf(row));

    public void Remove(ViewRow row) => _keys.Remove(KeyOf(row));

    /// <summary>Whether two rows have the same place.</summary>
    public bool IsSame(ViewRow one, ViewRow other) =>
        Array.TrueForAll(places, place => Equals(one.Values[place], other.Values[place]));

    /// <summary>The ids that a query asks for, in its order, as far as the index tells.</summary>
    public IEnumerable<string> Find(DocumentQuery query)
    {
        var (lower, upper) = Bounds(query);
        var after = query.After is { } last ? AfterOf(query, last) : (IndexKey?)null;
        if (after is { } ended)
        {
            if (query.Descending) upper = Least(upper, ended);
            else lower = Greatest(lower, ended);
        }

        if (IndexOrder.Instance.Compare(lower, upper) > 0) return [];
        var between = _keys.GetViewBetween(lower, upper);
        var keys = query.Descending ? between.Reverse() : between;
        return keys.Where(key => after is not { } seen || IndexOrder.Instance.Compare(key, seen) != 0)
            .Select(key => key.Id!);
    }

    private (IndexKey Lower, IndexKey Upper) Bounds(DocumentQuery query)
    {
        var equal = EqualOf(query);
        if (query.OrderBy is null) return (new IndexKey(equal, null, -1), new IndexKey(equal, null, 1));
        // A document without the field has no place in its order.
        var lower = query.From is null
            ? new IndexKey([.. equal, null], null, 1)
            : new IndexKey([.. equal, IndexOrder.ValueOf(query.From)], null, -1);
        var upper = query.To is null
            ? new IndexKey(equal, null, 1)
            : new IndexKey([.. equal, IndexOrder.ValueOf(query.To)], null, 1);
        return (lower, upper);
    }

    private IndexKey AfterOf(DocumentQuery query, (object Value, string Id) last) => query.OrderBy is null
        ? new IndexKey(EqualOf(query), last.Id, 0)
        : new IndexKey([.. EqualOf(query), IndexOrder.ValueOf(last.Value)], last.Id, 0);

    private object?[] EqualOf(DocumentQuery query) =>
        [.. names.Take(query.Equal.Count).Select(name => IndexOrder.ValueOf(query.Equal[name]))];

    private IndexKey KeyOf(ViewRow row) => new([.. places.Select(place => row.Values[place])], row.Id, 0);

    private static IndexKey Least(IndexKey one, IndexKey other) =>
        IndexOrder.Instance.Compare(one, other) <= 0 ? one : other;

    private static IndexKey Greatest(IndexKey one, IndexKey other) =>
        IndexOrder.Instance.Compare(one, other) >= 0 ? one : other;
}
