using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Services.Accounts;

/// <summary>Opens accounts. It first checks what the account's own shard cannot know.</summary>
internal sealed class AccountOpening(GeneralLedger ledger)
{
    private readonly NameClaims _names = new(ledger);

    /// <summary>Opens an account once and returns the reply when that is durable.</summary>
    /// <exception cref="TidelineException">As <see cref="GeneralLedger.ExecuteAsync"/>.</exception>
    public async Task<Reply> ExecuteAsync(OpenAccount open, CancellationToken cancel) => open.Iban is null
        ? await ledger.ExecuteOnceAsync(open with { Known = await UnknownCustomerAsync(open, cancel) }, cancel)
        : await OpenNamedAsync(open, open.Iban, cancel);

    private async Task<Reply> OpenNamedAsync(OpenAccount open, string iban, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var claimId = ledger.Ids.Next();
        var mayBeRepeat = false;
        if (open.Key != Guid.Empty)
        {
            // :: 1  The key determines the account's id, for every attempt.
            var taken = await ledger.SubmitAsync(ledger.Map.ShardOf(open.Key), ReserveKey.For(open));
            if (taken.Kind != OutcomeKind.Reserved) return taken;
            open = open with { AccountId = taken.Subject };
            claimId = Idempotency.Key("opening", $"{open.Key}:{open.Fingerprint}");
            // Another process does not say whether the key was already known.
            mayBeRepeat = taken.IsRepeat || !ledger.Owns(ledger.Map.ShardOf(open.Key));
        }

        // :: 2  A repeat claims nothing.
        var shard = ledger.Map.ShardOf(open.AccountId);
        var reader = ledger.Reader(shard);
        if (mayBeRepeat && await reader.GetOutcomeAsync(claimId, cancel) is { } known)
            return Outcomes.Restore(known, shard) with { IsRepeat = true };

        // :: 3  Claim the name only if the opening will probably succeed: other requests for it are refused meanwhile.
        var account = await reader.GetAccountAsync(open.AccountId, cancel);
        var customer = await reader.GetCustomerAsync(open.AccountId, cancel);
        var refusal = await UnknownCustomerAsync(open, cancel)
            ?? open.RefusalFor(account, customer)
            ?? await _names.ClaimAsync(
                IbanClaims.Claim(iban, claimId, open.AccountId), IbanClaims.Taken(iban), IbanClaims.Abandoned, cancel);

        // :: 4  The account's shard decides. A key without a fingerprint never leaves its shard.
        var opening = open with { Key = claimId, Fingerprint = Guid.Empty, Known = refusal };
        var reply = await ledger.SubmitAsync(shard, opening);
        if (reply.Refusal is not null) await _names.ReleaseAsync(IbanClaims.Key(iban), claimId);
        return reply;
    }

    private async Task<Refusal?> UnknownCustomerAsync(OpenAccount open, CancellationToken cancel) =>
        await ledger.ReaderOf(open.CustomerId).GetCustomerAsync(open.CustomerId, cancel) is null
            ? new Refusal(RefusalReason.CustomerNotFound, $"There is no customer {open.CustomerId}.")
            : null;
}
