using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// Accounts and unfinished sagas as the owner of their shard wrote them last. Nobody else may write them, so they need
/// not be read again for as long as its fence holds: see <see cref="BatchWriter"/>.
/// </summary>
internal sealed class RowCache
{
    private readonly Generations<AccountRow> _accounts = new(Limits.KnownAccounts);
    private readonly Generations<SagaRow> _sagas = new(Limits.KnownSagas);

    /// <summary>Puts what is known of a batch's keys into its rows, to be changed there.</summary>
    /// <returns>Whether all of it is: rows that are not there yet are presumed to be new where only a key of MySQL
    /// could tell otherwise.</returns>
    public bool Give(BatchKeys keys, BatchRows rows)
    {
        foreach (var id in keys.Accounts)
        {
            if (_accounts.Find(id) is { } account) rows.Accounts.Add(id, account.Copy());
        }

        foreach (var id in keys.Sagas)
        {
            if (_sagas.Find(id) is { } saga) rows.Sagas.Add(id, saga);
        }

        return rows.Accounts.Count == keys.Accounts.Count && rows.Sagas.Count == keys.Sagas.Count
            && keys.Customers.Count == 0 && keys.Holds.Count == 0 && keys.Claims.Count == 0;
    }

    /// <summary>Takes over what a batch wrote, once it is committed.</summary>
    public void Learn(BatchWrites written)
    {
        foreach (var account in written.NewAccounts) _accounts.Keep(account.Id, account);
        foreach (var account in written.ChangedAccounts) _accounts.Keep(account.Id, account);
        foreach (var saga in written.NewSagas) Learn(saga);
        foreach (var saga in written.ChangedSagas) Learn(saga);
    }

    public void Clear()
    {
        _accounts.Clear();
        _sagas.Clear();
    }

    // A finished one is hardly looked at again; that of a transfer within the shard never.
    private void Learn(SagaRow saga)
    {
        if (saga.State.IsFinal()) _sagas.Drop(saga.Id);
        else _sagas.Keep(saga.Id, saga);
    }

    // When the young ones are as many as there may be they become the old ones, and the old ones go: what was written
    // lately stays.
    private sealed class Generations<T>(int limit)
        where T : class
    {
        private Dictionary<Guid, T> _young = [];
        private Dictionary<Guid, T> _old = [];

        public T? Find(Guid id) => _young.GetValueOrDefault(id) ?? _old.GetValueOrDefault(id);

        public void Keep(Guid id, T row)
        {
            if (_young.Count >= limit / 2)
            {
                (_young, _old) = (_old, _young);
                _young.Clear();
            }

            _young[id] = row;
        }

        public void Drop(Guid id)
        {
            _young.Remove(id);
            _old.Remove(id);
        }

        public void Clear()
        {
            _young.Clear();
            _old.Clear();
        }
    }
}
