using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts;

/// <summary>
/// Creates a customer. Nothing else has its id: everything that could have it is on the shard of the id.
/// </summary>
public sealed record CreateCustomer(Guid CustomerId, string Name, string Email, string Country) : LedgerCommand
{
    public override Guid RouteId => CustomerId;

    internal override Guid Subject => CustomerId;

    internal override LedgerCommand About(Guid subject) => this with { CustomerId = subject };

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.AddNew(CustomerId);

    internal override Reply Decide(Batch batch)
    {
        if (batch.Rows.Customers.ContainsKey(CustomerId))
            return batch.Refuse(RefusalReason.DuplicateId, $"Customer {CustomerId} already exists.");
        if (batch.HolderOf(CustomerId) is { } holder)
            return batch.Refuse(RefusalReason.DuplicateId, $"{CustomerId} is already the id of {holder}.");
        var profile = new CustomerProfile(Name, Email, Country).ToPart(CustomerId);
        var customer = new CustomerRow(profile, 1, batch.TimeUs);
        batch.Rows.Customers.Add(CustomerId, customer);
        batch.Writes.NewCustomers.Add(customer);
        batch.Emit(
            EventType.CustomerCreated, customer, new EventData { CustomerId = CustomerId, Personal = [profile] });
        return batch.Done(CustomerId, 0);
    }
}
