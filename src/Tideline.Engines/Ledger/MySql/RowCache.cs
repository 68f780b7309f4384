using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// Accounts and aggregates that are not at rest, as the owner of their shard wrote them last. Nobody else may write
/// them, so they need not be read again for as long as its fence holds: see <see cref="BatchWriter"/>.
/// </summary>
internal sealed class RowCache
{
    private readonly Generations<AccountRow> _accounts = new(MySqlLimits.KnownAccounts);
    private readonly Generations<AggregateRow> _aggregates = new(MySqlLimits.KnownAggregates);

    /// <summary>Puts what is known of a batch's keys into its rows, to be changed there.</summary>
    /// <returns>Whether all of it is: rows that are not there yet are presumed to be new where only a key of MySQL
    /// could tell otherwise.</returns>
    public bool Give(BatchKeys keys, BatchRows rows)
    {
        foreach (var id in keys.Accounts)
        {
            if (_accounts.Find(id) is { } account) rows.Accounts.Add(id, account.Copy());
        }

        foreach (var id in keys.Aggregates)
        {
            if (_aggregates.Find(id) is { } aggregate) rows.Aggregates.Add(id, aggregate);
        }

        return rows.Accounts.Count == keys.Accounts.Count && rows.Aggregates.Count == keys.Aggregates.Count
            && keys.Customers.Count == 0 && keys.Holds.Count == 0 && keys.Claims.Count == 0;
    }

    /// <summary>Takes over what a batch wrote, once it is committed.</summary>
    public void Learn(BatchWrites written)
    {
        foreach (var account in written.NewAccounts) _accounts.Keep(account.Id, account);
        foreach (var account in written.ChangedAccounts) _accounts.Keep(account.Id, account);
        foreach (var aggregate in written.NewAggregates) Learn(aggregate);
        foreach (var aggregate in written.ChangedAggregates) Learn(aggregate);
    }

    public void Clear()
    {
        _accounts.Clear();
        _aggregates.Clear();
    }

    // One at rest is hardly looked at again.
    private void Learn(AggregateRow aggregate)
    {
        if (aggregate.AtRest) _aggregates.Drop(aggregate.Id);
        else _aggregates.Keep(aggregate.Id, aggregate);
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
