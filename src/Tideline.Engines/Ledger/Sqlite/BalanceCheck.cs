using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Balance = fold of entries, versions contiguous, held = open holds, announced to settlement = all open holds of a currency, every entry and outcome in its
/// index: accounts and holds are merged in the order of ids, a range of accounts at a time. One finding an account is enough to look at it.
/// </summary>
internal sealed class BalanceCheck(SqliteDatabase database, int limit, int accountsPerPass)
{
    private readonly SqliteStatement _accounts = database.Prepare(
        "SELECT id, posted, pending_out, entry_version, pending_in, kind, currency FROM accounts WHERE id > ? ORDER BY id LIMIT ?");
    private readonly SqliteStatement _holds = database.Prepare("SELECT account_id, amount - captured FROM holds WHERE status = 0 ORDER BY account_id");
    private readonly List<string> _findings = [];
    private readonly SortedDictionary<string, Int128> _held = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Int128> _announced = new(StringComparer.Ordinal);
    private bool _aHold;

    public List<string> Run(CancellationToken cancel)
    {
        try
        {
            _aHold = _holds.Step();
            Guid? after = null;
            do after = CheckRange(after, cancel);
            while (after is not null && _findings.Count < limit);

            if (_findings.Count < limit) SkipHolds(null);
            if (_findings.Count < limit) CompareSettlement();
            CompareIndex("entries", "entry_index");
            CompareIndex("outcomes", "outcome_index");
            return _findings.Count > limit ? _findings[..limit] : _findings;
        }
        finally
        {
            _accounts.Reset();
            _holds.Reset();
        }
    }

    // Returns where the next range begins; null after the last.
    private Guid? CheckRange(Guid? after, CancellationToken cancel)
    {
        var through = LastOfRange(after);
        var entries = EntryFold.Read(database, after, through, cancel);
        using var strangers = entries.Accounts.GetEnumerator();
        var aStranger = strangers.MoveNext();
        _accounts.Bind(after ?? Guid.Empty).Bind(accountsPerPass);
        while (_findings.Count < limit && _accounts.Step())
        {
            cancel.ThrowIfCancellationRequested();
            var account = _accounts.Id(0);
            for (; aStranger && strangers.Current < account; aStranger = strangers.MoveNext()) ReportStranger(strangers.Current);
            if (aStranger && strangers.Current == account) aStranger = strangers.MoveNext();
            SkipHolds(account);
            var finding = CheckEntries(account, entries.Of(account));
            finding = FoldHolds(account) ?? finding;
            if (finding is not null) _findings.Add(finding);
        }

        _accounts.Reset();
        for (; aStranger && _findings.Count < limit; aStranger = strangers.MoveNext()) ReportStranger(strangers.Current);
        return through;
    }

    private Guid? LastOfRange(Guid? after)
    {
        var last = database.Prepare("SELECT id FROM accounts WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?").Bind(after ?? Guid.Empty).Bind(accountsPerPass - 1);
        Guid? id = last.Step() ? last.Id(0) : null;
        last.Reset();
        return id;
    }

    private string? CheckEntries(Guid account, EntryFold.Sum entries)
    {
        if (entries.Finding is { } finding) return $"Account {account}: {finding}.";
        if (_accounts.Long(1) != entries.AmountMinor) return Say($"Account {account}: posted is {_accounts.Long(1)}, but its entries add up to {entries.AmountMinor}.");
        return _accounts.Long(3) == entries.Count ? null : Say($"Account {account}: {_accounts.Long(3)} entries are counted, but the newest is {entries.Count}.");
    }

    private string? FoldHolds(Guid account)
    {
        Int128 held = 0;
        for (; _aHold && _holds.Id(0) == account; _aHold = _holds.Step()) held += _holds.Long(1);
        var currency = _accounts.Text(6);
        if (held != 0) _held[currency] = _held.GetValueOrDefault(currency) + held;
        if (_accounts.Int(5) == (int)AccountKind.Settlement) _announced[currency] = _announced.GetValueOrDefault(currency) + _accounts.Long(4);
        else if (_accounts.Long(4) != 0) return Say($"Account {account}: {_accounts.Long(4)} is announced to it, but only settlement accounts await holds.");
        return _accounts.Long(2) == held ? null : Say($"Account {account}: held is {_accounts.Long(2)}, but its open holds add up to {held}.");
    }

    private void CompareSettlement()
    {
        foreach (var currency in _held.Keys.Union(_announced.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (held, announced) = (_held.GetValueOrDefault(currency), _announced.GetValueOrDefault(currency));
            if (announced != held) _findings.Add(Say($"The {currency} settlement account awaits {announced}, but the open holds add up to {held}."));
        }
    }

    // Rows only grow at their end and none is ever removed: as many index rows as rows, and each row can be found.
    private void CompareIndex(string table, string index)
    {
        var counts = database.Prepare($"SELECT (SELECT {table}_indexed FROM head), (SELECT count(*) FROM {index} WHERE row <= (SELECT {table}_indexed FROM head))");
        counts.Step();
        var (rows, found) = (counts.Long(0), counts.Long(1));
        counts.Reset();
        if (rows != found) _findings.Add(Say($"The index of {table} holds {found} of the {rows} rows that it should."));
    }

    private void ReportStranger(Guid account) => _findings.Add($"Account {account} does not exist, but has entries.");

    // Holds before the next account belong to none.
    private void SkipHolds(Guid? before)
    {
        for (Guid? last = null; _aHold && (before is not { } account || _holds.Id(0) < account) && _findings.Count < limit; _aHold = _holds.Step())
        {
            if (_holds.Id(0) != last) _findings.Add($"Account {_holds.Id(0)} does not exist, but has open holds.");
            last = _holds.Id(0);
        }
    }

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}
