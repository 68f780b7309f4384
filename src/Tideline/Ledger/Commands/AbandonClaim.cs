using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>
/// Asks the subject's shard what became of a claim. The outcome of what makes the subject is kept under the claim's id,
/// which is this command's key. Done: the subject has the name. Refused: the subject was not made; if that was still to
/// come, <paramref name="Refusal"/> is now its outcome, so that it can never happen.
/// </summary>
internal sealed record AbandonClaim(Guid ClaimSubject, Refusal Refusal) : LedgerCommand
{
    public override Guid RouteId => ClaimSubject;

    internal override Guid Subject => ClaimSubject;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        // The key itself is collected for every command.
    }

    internal override Reply Decide(Batch batch) => batch.Refuse(Refusal.Reason, Refusal.Detail);
}
