using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Audit;

/// <summary>
/// Transactions of one shard with their entries, for checks: read ahead for a page of events or sagas, and kept until
/// the next page. What was not read ahead is read alone. What was missing stays missing until the next page: whoever
/// must see newer commits takes a new instance.
/// </summary>
internal sealed class BookedRows(IShardReader reader)
{
    /// <summary>Entries of one page that are read ahead, about 100 bytes of memory each; more are read alone.</summary>
    internal const int PageEntries = 50_000;

    private readonly Dictionary<Guid, TransactionRow?> _transactions = [];
    private readonly Dictionary<EntryKey, EntryRow?> _entries = [];
    private readonly Dictionary<Guid, AccountRow?> _accounts = [];

    /// <summary>
    /// Reads these transactions, their entries, and the accounts of entries whose currency the transaction does not
    /// say. If a row is damaged, the page is read row by row, so that only the damaged ones are reported.
    /// </summary>
    public async Task ReadAheadAsync(IReadOnlySet<Guid> ids, CancellationToken cancel)
    {
        Forget();
        if (ids.Count == 0) return;
        try
        {
            var found = await reader.GetTransactionsAsync(ids, cancel);
            var keys = found.SelectMany(one => one.Legs).Take(PageEntries).ToHashSet();
            var accounts = new BatchKeys();
            accounts.Accounts.UnionWith(found.Where(one => one.Amount is null).SelectMany(one => one.Legs)
                .Take(PageEntries).Select(leg => leg.AccountId));
            var entries = await reader.GetEntriesAsync(keys, cancel);
            var rows = accounts.Accounts.Count == 0 ? new BatchRows() : await reader.GetRowsAsync(accounts, cancel);
            foreach (var id in ids) _transactions[id] = null;
            foreach (var one in found) _transactions[one.Id] = one;
            foreach (var key in keys) _entries[key] = null;
            foreach (var one in entries) _entries[new EntryKey(one.AccountId, one.Version)] = one;
            foreach (var id in accounts.Accounts) _accounts[id] = rows.Accounts.GetValueOrDefault(id);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.Corrupt)
        {
            Forget();
        }
    }

    /// <summary>A transaction; null if there is none.</summary>
    public async ValueTask<TransactionRow?> TransactionAsync(Guid id, CancellationToken cancel) =>
        _transactions.TryGetValue(id, out var known) ? known : await reader.GetTransactionAsync(id, cancel);

    /// <summary>An entry; null if there is none.</summary>
    public async ValueTask<EntryRow?> EntryAsync(EntryKey key, CancellationToken cancel)
    {
        if (_entries.TryGetValue(key, out var known)) return known;
        if (key.Version is < 1 or long.MaxValue) return null;
        var entries = await reader.GetEntriesAsync(key.AccountId, key.Version + 1, 1, cancel);
        return entries is [var entry] && entry.Version == key.Version ? entry : null;
    }

    /// <summary>An account; null if there is none.</summary>
    public async ValueTask<AccountRow?> AccountAsync(Guid id, CancellationToken cancel) =>
        _accounts.TryGetValue(id, out var known) ? known : await reader.GetAccountAsync(id, cancel);

    private void Forget()
    {
        _transactions.Clear();
        _entries.Clear();
        _accounts.Clear();
    }
}
