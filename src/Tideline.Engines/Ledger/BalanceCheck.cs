using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger;

/// <summary>
/// Balance = fold of entries, versions contiguous, held = open holds and reservations, announced to settlement = all
/// open holds of a currency, announced to customers = reservations, returnable = what aggregates may give back,
/// suspense = what aggregates have there. Accounts, entries and holds are merged in the order of ids, a range of
/// accounts at a time. One finding an account is enough to look at it.
/// </summary>
internal sealed class BalanceCheck(
    IBalanceSource source, int limit, int accountsPerPass, AggregateClaims? allClaims = null)
{
    /// <summary>
    /// Accounts that the balance check covers in one pass over the entries: about 200 bytes of memory each.
    /// </summary>
    internal const int AccountsPerPass = 500_000;

    private readonly List<string> _findings = [];
    private readonly SortedDictionary<string, Int128> _held = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Int128> _announced = new(StringComparer.Ordinal);

    /// <summary>Up to the limit of findings, each a sentence.</summary>
    public List<string> Run(CancellationToken cancel)
    {
        Guid? after = null;
        do after = CheckRange(after, cancel);
        while (after is not null && _findings.Count < limit);
        if (_findings.Count < limit) CompareSettlement();
        return _findings.Count > limit ? _findings[..limit] : _findings;
    }

    // Returns where the next range begins; null after the last.
    private Guid? CheckRange(Guid? after, CancellationToken cancel)
    {
        var accounts = source.Accounts(after ?? Guid.Empty, accountsPerPass).ToList();
        Guid? through = accounts.Count == accountsPerPass ? accounts[^1].Id : null;
        var entries = new EntryFold();
        foreach (var entry in source.Entries(after, through))
        {
            cancel.ThrowIfCancellationRequested();
            entries.Add(entry);
        }

        var holds = source.OpenHolds(after, through).ToDictionary(hold => hold.Account, hold => hold.Minor);
        var claims = ClaimsOf(after, through);
        var known = accounts.ToDictionary(account => account.Id);
        foreach (var id in known.Keys.Union(entries.Accounts).Union(holds.Keys).Union(claims.Keys).Order())
        {
            cancel.ThrowIfCancellationRequested();
            if (_findings.Count >= limit) break;
            var (held, claimed) = (holds.GetValueOrDefault(id), claims.GetValueOrDefault(id));
            if (known.TryGetValue(id, out var account)) Check(account, entries.Of(id), held, claimed);
            else if (holds.ContainsKey(id)) _findings.Add($"Account {id} does not exist, but has open holds.");
            else if (claims.ContainsKey(id))
                _findings.Add($"Account {id} does not exist, but money that is under way is claimed for it.");
            else _findings.Add($"Account {id} does not exist, but has entries.");
        }

        return through;
    }

    private Dictionary<Guid, Claimed> ClaimsOf(Guid? after, Guid? through)
    {
        var claims = new Dictionary<Guid, Claimed>();
        if (allClaims is null) return claims;
        foreach (var aggregate in source.Aggregates(allClaims.Which))
        {
            try
            {
                foreach (var claim in allClaims.Of(aggregate))
                {
                    if ((after is not null && claim.AccountId <= after)
                        || (through is not null && claim.AccountId > through)) continue;
                    claims[claim.AccountId] = claims.GetValueOrDefault(claim.AccountId).With(claim);
                }
            }
            catch (Exception fault) when (fault is JsonException or TidelineException or FormatException)
            {
                if (after is null) _findings.Add($"{aggregate.Kind} {aggregate.Id} cannot be read: {fault.Message}");
            }
        }

        return claims;
    }

    private string? CheckClaims(in BalanceRow account, Int128 claimed)
    {
        if (allClaims is null) return null;
        if (account.Kind == AccountKind.Suspense)
        {
            return account.PostedMinor == claimed
                ? null
                : Say($"{Name(account)}: suspense holds {account.PostedMinor}, but claims on it add up to {claimed}.");
        }

        var minor = account.ReturnableMinor;
        return minor == claimed
            ? null
            : Say($"{Name(account)}: {minor} may come back to it, but what is under way adds up to {claimed}.");
    }

    private void Check(in BalanceRow account, EntryFold.Sum entries, Int128 held, Claimed claimed)
    {
        var finding = CheckHolds(account, held, claimed)
            ?? CheckEntries(account, entries) ?? CheckClaims(account, claimed.Returnable);
        if (finding is not null) _findings.Add(finding);
    }

    private static string? CheckEntries(in BalanceRow account, EntryFold.Sum entries)
    {
        if (entries.Finding is { } finding) return $"Account {account.Id}: {finding}.";
        if (account.PostedMinor != entries.AmountMinor) return Say(
            $"Account {account.Id}: posted is {account.PostedMinor}, but its entries add up to {entries.AmountMinor}.");
        return account.EntryVersion == entries.Count ? null : Say(
            $"Account {account.Id}: {account.EntryVersion} entries are counted, but the newest is {entries.Count}.");
    }

    private string? CheckHolds(in BalanceRow account, Int128 held, Claimed claimed)
    {
        if (held != 0) _held[account.Currency] = _held.GetValueOrDefault(account.Currency) + held;
        if (account.Kind == AccountKind.Settlement)
            _announced[account.Currency] = _announced.GetValueOrDefault(account.Currency) + account.PendingInMinor;
        else if (account.PendingInMinor != claimed.In)
        {
            var announced = account.PendingInMinor;
            return Say($"Account {account.Id}: {announced} is announced, but reservations add up to {claimed.In}.");
        }

        held += claimed.Out;
        return account.PendingOutMinor == held ? null
            : Say($"Account {account.Id}: held is {account.PendingOutMinor}, but its open holds add up to {held}.");
    }

    private void CompareSettlement()
    {
        foreach (var currency in _held.Keys.Union(_announced.Keys, StringComparer.Ordinal)
            .Order(StringComparer.Ordinal))
        {
            var (held, announced) = (_held.GetValueOrDefault(currency), _announced.GetValueOrDefault(currency));
            if (announced != held) _findings.Add(
                Say($"The {currency} settlement account awaits {announced}, but the open holds add up to {held}."));
        }
    }

    private readonly record struct Claimed(Int128 Returnable, Int128 Out, Int128 In)
    {
        public Claimed With(AggregateClaim claim) => claim.Kind switch
        {
            ClaimKind.PendingOut => this with { Out = Out + claim.AmountMinor },
            ClaimKind.PendingIn => this with { In = In + claim.AmountMinor },
            _ => this with { Returnable = Returnable + claim.AmountMinor },
        };
    }

    private static string Name(in BalanceRow account) => $"Account {account.Id}";

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}
