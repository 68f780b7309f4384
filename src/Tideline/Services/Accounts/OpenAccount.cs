using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts;

/// <summary>
/// Opens an account. <see cref="AccountOpening"/> checks the customer and claims the IBAN first, since both may be on
/// other shards. Nothing else has the account's id: everything that could have it is on the shard of the id.
/// </summary>
public sealed record OpenAccount(
    Guid AccountId, Guid CustomerId, Currency Currency, long OverdraftLimitMinor, string? Iban) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    /// <summary>A refusal from another shard that must be stored under the key.</summary>
    [JsonInclude]
    internal Refusal? Known { get; init; }

    internal override Guid Subject => AccountId;

    internal override LedgerCommand About(Guid subject) => this with { AccountId = subject };

    internal override Task<Reply> ExecuteAsync(GeneralLedger ledger, CancellationToken cancel) =>
        new AccountOpening(ledger).ExecuteAsync(this, cancel);

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.AddNew(AccountId);

    internal override Reply Decide(Batch batch)
    {
        var customer = batch.Rows.Customers.GetValueOrDefault(AccountId);
        if ((Known ?? RefusalFor(batch.Account(AccountId), customer)) is { } refusal)
            return batch.Refuse(refusal.Reason, refusal.Detail);
        if (batch.HolderOf(AccountId) is { } holder)
            return batch.Refuse(RefusalReason.DuplicateId, $"{AccountId} is already the id of {holder}.");
        var account = new AccountRow
        {
            Id = AccountId, CustomerId = CustomerId, Kind = AccountKind.Customer, Currency = Currency,
            OverdraftLimitMinor = OverdraftLimitMinor, Iban = Iban, CreatedUs = batch.TimeUs,
        };
        batch.Add(account);
        batch.Emit(EventType.AccountCreated, account, new AccountEvent(null, WithIban: true));
        return batch.Done(AccountId, 0);
    }

    /// <summary>The refusal, given what already has the id; null if the account can be opened.</summary>
    internal Refusal? RefusalFor(AccountRow? account, CustomerRow? customer)
    {
        if (OverdraftLimitMinor is < 0 or > Limits.AmountMinor)
            return new Refusal(RefusalReason.InvalidAmount,
                "The overdraft limit must be between zero and the amount limit.");
        if (account is not null)
            return new Refusal(RefusalReason.DuplicateId, $"Account {AccountId} already exists.");
        return customer is not null
            ? new Refusal(RefusalReason.DuplicateId, $"{AccountId} is already the id of a customer.")
            : null;
    }
}
