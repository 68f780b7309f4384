using Tideline.Kernel;
using Tideline.Ledger.Commands;

namespace Tideline.Ledger;

/// <summary>
/// Names that belong to one account of the whole installation (IBANs). A name is claimed on its own shard before the
/// account is opened on another one, and released when the opening is refused.
/// </summary>
/// <remarks>
/// No sweep is needed for a claim that a crash left behind: the next request for the name settles it.
/// <code>
/// 1 claim ─► free, or held by this claim ─► the account may be opened; its outcome is kept under the claim's id
///        └─► held by another claim ─► 2 abandon, on that account's shard ─► the account exists: the name is taken
///                                                                       └─► it can never be opened: 3 claim over it
/// </code>
/// </remarks>
internal sealed class NameClaims(GeneralLedger ledger)
{
    /// <summary>The name of an IBAN. Other kinds of names get prefixes of their own.</summary>
    public static string OfIban(string iban) => $"iban:{iban}";

    /// <summary>A name as its owner writes it.</summary>
    public static string TextOf(string name) => name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..];

    /// <summary>Claims a name; durable when it returns. Claiming it again with the same id changes nothing.</summary>
    /// <returns>Why the name is not free; null when it is claimed.</returns>
    /// <exception cref="TidelineException">As <see cref="GeneralLedger.ExecuteAsync"/>.</exception>
    public async Task<Refusal?> ClaimAsync(string name, Guid claimId, Guid accountId, CancellationToken cancel)
    {
        var abandoned = Guid.Empty;
        for (var attempt = 0; attempt < Limits.ClaimAttempts; attempt++)
        {
            // :: 1, and 3 when another claim was abandoned
            var claim = new ClaimName(name, claimId, accountId, abandoned);
            var reply = await ledger.SubmitAsync(ledger.Map.ShardOf(claim.RouteId), claim);
            if (reply.Refusal is null) return null;

            // :: 2
            var held = await ledger.ReaderOf(claim.RouteId).GetClaimAsync(name, cancel);
            if (held is null || held.ClaimId == claimId) continue;
            var abandon = new AbandonClaim(held.Subject) { Key = held.ClaimId };
            var answer = await ledger.SubmitAsync(ledger.Map.ShardOf(held.Subject), abandon);
            if (answer.Refusal is null) return reply.Refusal;
            abandoned = held.ClaimId;
        }

        throw new TidelineException(
            ErrorCode.Overloaded,
            "Too many requests claim the same name; repeat the request with the same key in a moment.");
    }

    /// <summary>Releases a name whose opening was refused; if it fails, the next request takes it over.</summary>
    public async Task ReleaseAsync(string name, Guid claimId)
    {
        var release = new ReleaseClaim(name, claimId);
        try
        {
            await ledger.SubmitAsync(ledger.Map.ShardOf(release.RouteId), release);
        }
        catch (TidelineException)
        {
            // The refusal is durable, so the next request for the name takes the claim over.
        }
    }
}
