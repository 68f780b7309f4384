using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Balance = fold of entries, versions contiguous, held = open holds, announced to settlement = all open holds of a currency: one pass that merges accounts, entries and holds in the order of account ids, so
/// that it needs no memory for any of them. One finding an account is enough to look at it.
/// </summary>
internal sealed class BalanceCheck(SqliteDatabase database, int limit)
{
    private readonly SqliteStatement _accounts = database.Prepare("SELECT id, posted, pending_out, entry_version, pending_in, kind, currency FROM accounts ORDER BY id");
    private readonly SqliteStatement _entries = database.Prepare("SELECT account_id, version, amount, posted_after, time_us FROM entries ORDER BY account_id, version");
    private readonly SqliteStatement _holds = database.Prepare("SELECT account_id, amount - captured FROM holds WHERE status = 0 ORDER BY account_id");
    private readonly List<string> _findings = [];
    private readonly SortedDictionary<string, Int128> _held = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Int128> _announced = new(StringComparer.Ordinal);
    private bool _anEntry;
    private bool _aHold;

    public List<string> Run(CancellationToken cancel)
    {
        try
        {
            (_anEntry, _aHold) = (_entries.Step(), _holds.Step());
            while (_findings.Count < limit && _accounts.Step())
            {
                cancel.ThrowIfCancellationRequested();
                var account = _accounts.Id(0);
                SkipStrangers(account);
                var finding = FoldEntries(account);
                finding = FoldHolds(account) ?? finding;
                if (finding is not null) _findings.Add(finding);
            }

            if (_findings.Count < limit) SkipStrangers(null);
            if (_findings.Count < limit) CompareSettlement();
            return _findings.Count > limit ? _findings[..limit] : _findings;
        }
        finally
        {
            _accounts.Reset();
            _entries.Reset();
            _holds.Reset();
        }
    }

    private string? FoldEntries(Guid account)
    {
        string? finding = null;
        Int128 sum = 0;
        var (count, timeUs) = (0L, long.MinValue);
        for (; _anEntry && _entries.Id(0) == account; _anEntry = _entries.Step())
        {
            var version = _entries.Long(1);
            sum += _entries.Long(2);
            if (version != ++count) finding ??= Say($"Account {account}: entry {version} stands where entry {count} should.");
            if (_entries.Long(3) != sum) finding ??= Say($"Account {account}: entry {version} says {_entries.Long(3)} after it, but its entries add up to {sum}.");
            if (_entries.Long(4) < timeUs) finding ??= Say($"Account {account}: entry {version} is older than the entry before it.");
            (count, timeUs) = (version, _entries.Long(4));
        }

        if (_accounts.Long(1) != sum) finding ??= Say($"Account {account}: posted is {_accounts.Long(1)}, but its entries add up to {sum}.");
        if (_accounts.Long(3) != count) finding ??= Say($"Account {account}: {_accounts.Long(3)} entries are counted, but the newest is {count}.");
        return finding;
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

    // Entries and holds before the next account belong to none.
    private void SkipStrangers(Guid? before)
    {
        for (Guid? last = null; _anEntry && IsBefore(_entries.Id(0), before) && _findings.Count < limit; _anEntry = _entries.Step())
        {
            if (_entries.Id(0) != last) _findings.Add(Say($"Account {_entries.Id(0)} does not exist, but has entries."));
            last = _entries.Id(0);
        }

        for (Guid? last = null; _aHold && IsBefore(_holds.Id(0), before) && _findings.Count < limit; _aHold = _holds.Step())
        {
            if (_holds.Id(0) != last) _findings.Add(Say($"Account {_holds.Id(0)} does not exist, but has open holds."));
            last = _holds.Id(0);
        }
    }

    private static bool IsBefore(Guid id, Guid? account) => account is not { } one || id.CompareTo(one) < 0;

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}
