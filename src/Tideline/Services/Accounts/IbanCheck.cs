using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts;

/// <summary>
/// I15: an IBAN belongs to one account. Each account's IBAN is claimed for it, and each claim of an opened account
/// names an account that has the IBAN. A claim without an account is valid: its opening is in progress, or was
/// interrupted and gives way to the next request.
/// </summary>
internal sealed class IbanCheck(GeneralLedger ledger, int shard, Action<long, long?>? advanced = null)
{
    private readonly List<string> _findings = [];

    private bool IsFull => _findings.Count >= AuditLimits.VerifyFindings;

    /// <summary>The check of a shard.</summary>
    public static ServiceCheck Check { get; } = new(
        "I15 an IBAN belongs to one account, and is claimed for it",
        static (scope, cancel) => new IbanCheck(scope.Ledger, scope.Shard, scope.Advanced).RunAsync(cancel));

    /// <summary>The findings, and how many accounts with an IBAN and claims were seen.</summary>
    public async Task<(IReadOnlyList<string> Findings, string Seen)> RunAsync(CancellationToken cancel)
    {
        var (accounts, claims) = (0L, 0L);
        var id = Guid.Empty;
        var reader = ledger.Reader(shard);
        while (!IsFull && await reader.GetAccountsAsync(id, Limits.PageRows, cancel) is { Count: > 0 } page)
        {
            var named = page.Where(account => account.Iban is not null).ToList();
            await CompareAsync(named, account => IbanClaims.Key(account.Iban!).RouteId,
                (account, keys) => keys.Claims.Add(IbanClaims.Key(account.Iban!)), Compare, cancel);
            (id, accounts) = (page[^1].Id, accounts + named.Count);
            advanced?.Invoke(accounts, null);
        }

        var name = IbanClaims.Key("");
        while (!IsFull && await reader.GetClaimsAsync(name, Limits.PageRows, cancel) is { Count: > 0 } page)
        {
            await CompareAsync(page, claim => claim.Subject, (claim, keys) =>
            {
                keys.Outcomes.Add(claim.ClaimId);
                keys.Accounts.Add(claim.Subject);
            }, Compare, cancel);
            (name, claims) = (page[^1].Key, claims + page.Count);
            advanced?.Invoke(accounts + claims, null);
        }

        return (_findings, $"{Counted.Of(accounts, "account")} with an IBAN, {Counted.Of(claims, "claim")}");
    }

    // One call for each shard that the rows are compared with.
    private async Task CompareAsync<T>(IEnumerable<T> page, Func<T, Guid> routeOf, Action<T, BatchKeys> name,
        Func<T, BatchRows, string?> compare, CancellationToken cancel)
    {
        foreach (var group in page.GroupBy(row => ledger.Map.ShardOf(routeOf(row))))
        {
            var keys = new BatchKeys();
            foreach (var row in group) name(row, keys);
            var rows = await ledger.Reader(group.Key).GetRowsAsync(keys, cancel);
            _findings.AddRange(group.Select(row => compare(row, rows)).OfType<string>()
                .Take(AuditLimits.VerifyFindings - _findings.Count));
        }
    }

    // The account was read before its claim, which is older and is never deleted while the account exists.
    private static string? Compare(AccountRow account, BatchRows rows)
    {
        var claim = rows.Claims.GetValueOrDefault(IbanClaims.Key(account.Iban!));
        return claim?.Subject == account.Id && claim.Kind == IbanClaims.Kind ? null
            : claim is null
                ? $"Account {account.Id} carries the IBAN {Masked(account.Iban!)}, which is not claimed for it."
            : $"Account {account.Id} carries the IBAN {Masked(account.Iban!)}, which is claimed for {claim.Subject}.";
    }

    private static string? Compare(ClaimRow claim, BatchRows rows) =>
        rows.Outcomes.GetValueOrDefault(claim.ClaimId) is not { Kind: OutcomeKind.Done }
        || rows.Accounts.GetValueOrDefault(claim.Subject)?.Iban == claim.Name
            ? null
            : $"The IBAN {Masked(claim.Name)} is claimed for {claim.Subject}, which does not carry it.";

    // An IBAN names a person, and others read a finding.
    private static string Masked(string iban) => $"…{iban[^Math.Min(4, iban.Length)..]}";
}
