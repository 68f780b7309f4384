using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Consistency;

/// <summary>
/// I15: an IBAN belongs to one account. Each account's IBAN is claimed for it, and each claim of an opened account
/// names an account that has the IBAN. A claim without an account is valid: its opening is in progress, or was
/// interrupted and gives way to the next request.
/// </summary>
internal sealed class NameCheck(GeneralLedger ledger, int shard)
{
    private readonly List<string> _findings = [];

    private bool IsFull => _findings.Count >= AuditLimits.VerifyFindings;

    /// <summary>The findings, the number of accounts with an IBAN, and the number of claims.</summary>
    public async Task<(IReadOnlyList<string> Findings, long Accounts, long Claims)> RunAsync(CancellationToken cancel)
    {
        var (accounts, claims) = (0L, 0L);
        var id = Guid.Empty;
        var reader = ledger.Reader(shard);
        while (!IsFull && await reader.GetAccountsAsync(id, Limits.PageRows, cancel) is { Count: > 0 } page)
        {
            var named = page.Where(account => account.Iban is not null).ToList();
            await CompareAsync(named, CompareAsync, cancel);
            (id, accounts) = (page[^1].Id, accounts + named.Count);
        }

        var name = IbanClaims.Key("");
        while (!IsFull && await reader.GetClaimsAsync(name, Limits.PageRows, cancel) is { Count: > 0 } page)
        {
            await CompareAsync(page, CompareAsync, cancel);
            (name, claims) = (page[^1].Key, claims + page.Count);
        }

        return (_findings, accounts, claims);
    }

    private async Task CompareAsync<T>(
        IEnumerable<T> rows, Func<T, CancellationToken, Task<string?>> compare, CancellationToken cancel)
    {
        foreach (var group in rows.Chunk(VerifyLimits.ReadsAtOnce))
        {
            var findings = await Task.WhenAll(group.Select(row => compare(row, cancel)));
            _findings.AddRange(findings.OfType<string>().Take(AuditLimits.VerifyFindings - _findings.Count));
        }
    }

    // The account was read before its claim, which is older and is never deleted while the account exists.
    private async Task<string?> CompareAsync(AccountRow account, CancellationToken cancel)
    {
        var key = IbanClaims.Key(account.Iban!);
        var claim = await ledger.ReaderOf(key.RouteId).GetClaimAsync(key, cancel);
        return claim?.Subject == account.Id && claim.Kind == IbanClaims.Kind ? null
            : claim is null ? $"Account {account.Id} carries the IBAN {account.Iban}, which is not claimed for it."
            : $"Account {account.Id} carries the IBAN {account.Iban}, which is claimed for {claim.Subject}.";
    }

    private async Task<string?> CompareAsync(ClaimRow claim, CancellationToken cancel)
    {
        var reader = ledger.ReaderOf(claim.Subject);
        if (await reader.GetOutcomeAsync(claim.ClaimId, cancel) is not { Kind: OutcomeKind.Done }) return null;
        var account = await reader.GetAccountAsync(claim.Subject, cancel);
        return account?.Iban == claim.Name
            ? null
            : $"The IBAN {claim.Name} is claimed for {claim.Subject}, which does not carry it.";
    }
}
