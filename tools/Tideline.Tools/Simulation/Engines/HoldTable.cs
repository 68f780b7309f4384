using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>The holds of a shard, the open ones also by their expiry.</summary>
internal sealed class HoldTable
{
    private readonly PagedTable<Guid, HoldRow> _rows;
    private readonly SortedSet<(long ExpiresUs, Guid Id)> _open;

    public HoldTable() => (_rows, _open) = (new(Comparer<Guid>.Default), []);

    private HoldTable(HoldTable other) => (_rows, _open) = (other._rows.Copy(), new(other._open));

    /// <summary>Open holds, the next to expire first.</summary>
    public IEnumerable<HoldRow> Open => _open.Select(hold => Get(hold.Id)!);

    /// <summary>The same holds, to be changed apart from these.</summary>
    public HoldTable Copy() => new(this);

    public HoldRow? Get(Guid id) => _rows.TryGet(id, out var row) ? row : null;

    /// <summary>Holds after an id, in order.</summary>
    public IEnumerable<HoldRow> After(Guid id) => _rows.After(id);

    /// <summary>Inserts or replaces a hold.</summary>
    public void Put(HoldRow row)
    {
        Remove(row.Id);
        _rows.Put(row.Id, row);
        if (row.Status == HoldStatus.Open) _open.Add((row.ExpiresUs, row.Id));
    }

    /// <summary>Removes a hold as nobody may.</summary>
    public void Remove(Guid id)
    {
        if (!_rows.TryGet(id, out var row)) return;
        _open.Remove((row.ExpiresUs, id));
        _rows.Remove(id, out _);
    }
}
