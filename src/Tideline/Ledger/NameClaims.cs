using Tideline.Kernel;
using Tideline.Ledger.Commands;

namespace Tideline.Ledger;

/// <summary>
/// Names that are unique in the whole installation. A name is claimed on its own shard before its subject is created on
/// another one, and released if the subject is refused. The claimer supplies the space and the refusals.
/// </summary>
/// <remarks>
/// A claim left behind by a crash needs no sweep: the next request for the name settles it.
/// <code>
/// 1 claim ─► free, or held by this claim ─► the subject may be made; its outcome is kept under the claim's id
///        └─► held by another claim ─► 2 abandon, on its subject's shard ─► it exists: the name is taken
///                                                                       └─► it never will: 3 claim over it
/// </code>
/// </remarks>
internal sealed class NameClaims(GeneralLedger ledger)
{
    /// <summary>Claims a name; durable when it returns. Claiming it again with the same id changes nothing.</summary>
    /// <param name="wanted">The claim.</param>
    /// <param name="taken">The refusal if the name belongs to another subject.</param>
    /// <param name="abandoned">The refusal of a claim that this one takes over before its subject is created.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>Why the name is not free; null if it is now claimed.</returns>
    /// <exception cref="TidelineException">As <see cref="GeneralLedger.ExecuteAsync"/>.</exception>
    public async Task<Refusal?> ClaimAsync(
        ClaimRow wanted, Refusal taken, Refusal abandoned, CancellationToken cancel)
    {
        var over = Guid.Empty;
        for (var attempt = 0; attempt < LedgerLimits.ClaimAttempts; attempt++)
        {
            // :: 1, and 3 when another claim was abandoned
            var claim = new ClaimName(wanted, over, taken);
            var reply = await ledger.SubmitAsync(ledger.Map.ShardOf(claim.RouteId), claim);
            if (reply.Refusal is null) return null;

            // :: 2
            var held = await ledger.ReaderOf(claim.RouteId).GetClaimAsync(wanted.Key, cancel);
            if (held is null || held.ClaimId == wanted.ClaimId) continue;
            var abandon = new AbandonClaim(held.Subject, abandoned) { Key = held.ClaimId };
            var answer = await ledger.SubmitAsync(ledger.Map.ShardOf(held.Subject), abandon);
            if (answer.Refusal is null) return reply.Refusal;
            over = held.ClaimId;
        }

        throw new TidelineException(
            ErrorCode.Overloaded,
            "Too many requests claim the same name; repeat the request with the same key in a moment.");
    }

    /// <summary>
    /// Releases a name whose subject was refused. If that fails, the next request for the name takes the claim over.
    /// </summary>
    public async Task ReleaseAsync(ClaimKey name, Guid claimId)
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
