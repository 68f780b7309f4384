using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// The accounts of a shard. A row that is in here never changes: it is replaced by another one, so that several tables
/// may hold the same.
/// </summary>
internal sealed class AccountTable
{
    private readonly PagedTable<Guid, AccountRow> _rows;
    private readonly Dictionary<Guid, SortedSet<Guid>> _ofCustomers;

    public AccountTable() => (_rows, _ofCustomers) = (new(Comparer<Guid>.Default), []);

    private AccountTable(AccountTable other) => (_rows, _ofCustomers) = (other._rows.Copy(),
        other._ofCustomers.ToDictionary(pair => pair.Key, pair => new SortedSet<Guid>(pair.Value)));

    /// <summary>All accounts, in the order of their ids. They are not to be changed.</summary>
    public IEnumerable<AccountRow> All => _rows.All;

    /// <summary>The same accounts, to be changed apart from these.</summary>
    public AccountTable Copy() => new(this);

    public bool Contains(Guid id) => _rows.Contains(id);

    /// <summary>An account, for the caller to change.</summary>
    public AccountRow? Get(Guid id) => _rows.TryGet(id, out var row) ? row.Copy() : null;

    /// <summary>Accounts after an id, in order, for the caller to change.</summary>
    public IEnumerable<AccountRow> After(Guid id) => _rows.After(id).Select(row => row.Copy());

    /// <summary>The accounts of a customer, in the order of ids, for the caller to change.</summary>
    public IEnumerable<AccountRow> OfCustomer(Guid customerId) =>
        _ofCustomers.TryGetValue(customerId, out var ids) ? ids.Select(id => Get(id)!) : [];

    /// <summary>Inserts or replaces an account by a row that nobody changes any more.</summary>
    public void Put(AccountRow row)
    {
        _rows.Put(row.Id, row);
        if (row.CustomerId == Guid.Empty) return;
        if (!_ofCustomers.TryGetValue(row.CustomerId, out var ids)) _ofCustomers.Add(row.CustomerId, ids = []);
        ids.Add(row.Id);
    }

    /// <summary>Changes an account behind the program's back; nothing where there is none.</summary>
    public void Edit(Guid id, Action<AccountRow> edit)
    {
        if (Get(id) is not { } row) return;
        edit(row);
        Put(row);
    }

    /// <summary>Removes an account as nobody may.</summary>
    public void Remove(Guid id)
    {
        if (_rows.Remove(id, out var row) && _ofCustomers.TryGetValue(row.CustomerId, out var ids)) ids.Remove(id);
    }
}
