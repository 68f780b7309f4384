using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>
/// Asks the account's shard what became of an opening. The outcome is kept under the claim's id, which is this
/// command's key. Done: the account has the name. Refused: the account was not opened; if the opening was still to
/// come, this refusal is now its outcome, so that it can never happen.
/// </summary>
internal sealed record AbandonClaim(Guid AccountId) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override Guid Subject => AccountId;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        // The key itself is collected for every command.
    }

    internal override Reply Decide(Batch batch) =>
        batch.Refuse(RefusalReason.IbanTaken, "Another request claimed the IBAN before the account was opened.");
}
