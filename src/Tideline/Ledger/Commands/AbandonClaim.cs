using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>
/// Asks the subject's shard for the result of a claim. The command that creates the subject stores its outcome under
/// the claim's id, which is this command's key. Done: the subject exists and has the name. Refused: the subject was not
/// created; if it had not been decided yet, <paramref name="Refusal"/> is now its outcome, so that it can never be
/// created.
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
