using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>The aggregates of a shard; those that are not at rest also by id, and those that are due by time.</summary>
internal sealed class AggregateTable
{
    private static readonly Guid Highest = Guid.AllBitsSet;
    private readonly PagedTable<Guid, AggregateRow> _rows;
    private readonly SortedSet<Guid> _active;
    private readonly SortedSet<(long WakeUs, Guid Id)> _due;

    public AggregateTable() => (_rows, _active, _due) = (new(Comparer<Guid>.Default), [], []);

    private AggregateTable(AggregateTable other) =>
        (_rows, _active, _due) = (other._rows.Copy(), new(other._active), new(other._due));

    /// <summary>The same aggregates, to be changed apart from these.</summary>
    public AggregateTable Copy() => new(this);

    public bool Contains(Guid id) => _rows.Contains(id);

    public AggregateRow? Get(Guid id) => _rows.TryGet(id, out var row) ? row : null;

    /// <summary>Those that are due at a time and whose kind begins so, earliest first.</summary>
    public IEnumerable<AggregateRow> Due(string kindPrefix, long atUs) => _due
        .TakeWhile(due => due.WakeUs <= atUs).Select(due => Get(due.Id)!)
        .Where(row => row.Kind.StartsWith(kindPrefix, StringComparison.Ordinal));

    /// <summary>The selected aggregates after an id, in order. Those at rest are found by a walk.</summary>
    public IEnumerable<AggregateRow> Select(AggregateFilter which, Guid after) =>
        (which.AtRest
            ? _rows.After(after).Where(row => row.AtRest)
            : _active.GetViewBetween(after, Highest).Where(id => id != after).Select(id => Get(id)!))
        .Where(row => row.Kind.StartsWith(which.KindPrefix, StringComparison.Ordinal)
            && (which.States.Count == 0 || which.States.Contains(row.State)));

    /// <summary>Inserts or replaces an aggregate.</summary>
    public void Put(AggregateRow row)
    {
        if (_rows.TryGet(row.Id, out var before) && before.WakeUs is { } wasUs) _due.Remove((wasUs, row.Id));
        if (row.WakeUs is { } wakeUs) _due.Add((wakeUs, row.Id));
        if (row.AtRest) _active.Remove(row.Id);
        else _active.Add(row.Id);
        _rows.Put(row.Id, row);
    }

    /// <summary>Removes an aggregate as nobody may.</summary>
    public void Remove(Guid id)
    {
        if (!_rows.Remove(id, out var row)) return;
        if (row.WakeUs is { } wakeUs) _due.Remove((wakeUs, id));
        _active.Remove(id);
    }
}
