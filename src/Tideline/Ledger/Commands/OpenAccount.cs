using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>Opens an account. <see cref="GeneralLedger"/> checks the customer and claims the IBAN first, since both may live on other shards.</summary>
public sealed record OpenAccount(Guid AccountId, Guid CustomerId, Currency Currency, long OverdraftLimitMinor, string? Iban) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    /// <summary>A refusal that was found on another shard and is to be kept under the key.</summary>
    [JsonInclude]
    internal Refusal? Known { get; init; }

    internal override Guid Subject => AccountId;

    internal override LedgerCommand About(Guid subject) => this with { AccountId = subject };

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Accounts.Add(AccountId);

    internal override Reply Decide(Batch batch)
    {
        if (Known is not null) return batch.Refuse(Known.Reason, Known.Detail);
        if (OverdraftLimitMinor is < 0 or > Limits.AmountMinor) return batch.Refuse(RefusalReason.InvalidAmount, "An overdraft limit is zero or more, within the amount limit.");
        if (batch.Account(AccountId) is not null) return batch.Refuse(RefusalReason.DuplicateId, $"Account {AccountId} exists already.");
        var account = new AccountRow
        {
            Id = AccountId, CustomerId = CustomerId, Kind = AccountKind.Customer, Currency = Currency, OverdraftLimitMinor = OverdraftLimitMinor, Iban = Iban, CreatedUs = batch.TimeUs,
        };
        batch.Add(account);
        batch.Emit(EventType.AccountCreated, account, new AccountEvent(null, WithIban: true));
        return batch.Done(AccountId, 0);
    }
}
