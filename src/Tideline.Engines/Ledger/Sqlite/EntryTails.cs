using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// The tails of the accounts of one batch, from the reading of the accounts to their writing in the same transaction.
/// </summary>
internal sealed class EntryTails(SqliteDatabase database)
{
    private readonly Dictionary<Guid, EntryTail> _tails = [];
    private readonly SqliteStatement _newestRow = database.Prepare("SELECT max(row) FROM entries");
    private readonly SqliteStatement _entry = database.Prepare(
        $"INSERT INTO entries (row, {LedgerColumns.Entries}, previous, jump) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    private readonly SqliteStatement _tail = database.Prepare(EntryTail.Sql);
    private readonly SqliteStatement _ofAccount = database.Prepare(
        "UPDATE accounts SET entry_rows = ? WHERE account_id = ?");
    private readonly SqliteStatement _ofNobody = database.Prepare(
        "INSERT INTO stray_entries VALUES (?, ?) ON CONFLICT DO UPDATE SET entry_rows = excluded.entry_rows");

    /// <summary>Forgets the last batch.</summary>
    public void Clear() => _tails.Clear();

    /// <summary>Keeps the tail of an account that was read.</summary>
    public void Keep(Guid account, ReadOnlySpan<byte> packed) => _tails[account] = new EntryTail(packed);

    /// <summary>Writes entries; the tails of their accounts are to be written after it.</summary>
    public void Append(List<EntryRow> entries)
    {
        if (entries.Count == 0) return;
        _newestRow.Step();
        var row = _newestRow.Long(0);
        _newestRow.Reset();
        foreach (var entry in entries)
        {
            var (previous, jump) = Of(entry.AccountId).Append(entry.Version, ++row);
            _entry.Bind(row).Bind(entry.AccountId).Bind(entry.Version).Bind(entry.TransactionId).Bind(entry.AmountMinor)
                .Bind(entry.PostedAfterMinor).Bind(entry.TimeUs).Bind(previous).Bind(jump).Run();
        }
    }

    /// <summary>
    /// Binds the tail that is written with an account's row; null when the batch appended no entry to it.
    /// </summary>
    public SqliteStatement BindTail(SqliteStatement statement, Guid account)
    {
        if (!_tails.Remove(account, out var tail) || !tail.IsChanged) return statement.BindNull();
        return statement.Bind(tail.Pack(stackalloc byte[EntryTail.MostBytes]));
    }

    /// <summary>
    /// Writes the tails of accounts whose rows the batch did not write. One that has no row at all, which the check of
    /// balances reports, has its tail in a table of its own, so that its entries are still found.
    /// </summary>
    public void WriteRest()
    {
        Span<byte> packed = stackalloc byte[EntryTail.MostBytes];
        foreach (var (account, tail) in _tails)
        {
            if (!tail.IsChanged) continue;
            var rows = tail.Pack(packed);
            _ofAccount.Bind(rows).Bind(account).Run();
            if (database.Changes == 0) _ofNobody.Bind(account).Bind(rows).Run();
        }
    }

    private EntryTail Of(Guid account)
    {
        if (_tails.TryGetValue(account, out var tail)) return tail;
        _tails.Add(account, tail = new EntryTail(_tail.Bind(account).Step() ? _tail.Span(0) : default));
        _tail.Reset();
        return tail;
    }
}
