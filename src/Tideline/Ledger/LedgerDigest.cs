using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// The figures that both tiers share of customers and their accounts, from rows, from events and from whoever else
/// holds them: the sum over all events is the sum over all rows that they made. System accounts have no events, so
/// nobody else holds them. A customer's figures and those of the accounts are in the bucket of the customer's id.
/// </summary>
internal static class LedgerDigest
{
    // What is stored was computed with these numbers.
    private const int Owner = 1, CurrencyCode = 2, Status = 3, Posted = 4, Held = 5, Overdraft = 6, Iban = 7;
    private const int Profile = 8;

    /// <summary>The bucket of a customer.</summary>
    public static int BucketOf(Guid customer)
    {
        Span<char> key = stackalloc char[36];
        customer.TryFormat(key, out _);
        return DigestBuckets.BucketOf(key);
    }

    /// <summary>A customer of this version.</summary>
    public static Digest OfCustomer(Guid customer, long version, ReadOnlySpan<byte> profile) =>
        new Digest(1, version, 0) + Digest.Figure(customer, Profile, profile);

    /// <summary>An account of this version, without what changes.</summary>
    public static Digest OfAccount(Guid account, Guid customer, long version, string? currency, string? iban) =>
        new Digest(1, version, 0) + Digest.Figure(account, CurrencyCode, currency)
            + Digest.Figure(account, Iban, iban) + Digest.Figure(account, Owner, customer);

    /// <summary>What changes of an account; amounts are minor units.</summary>
    public static Digest OfState(Guid account, string? status, long posted, long held, long overdraft) =>
        Digest.Figure(account, Status, status) + Digest.Figure(account, Posted, posted)
            + Digest.Figure(account, Held, held) + Digest.Figure(account, Overdraft, overdraft);

    /// <summary>The row of a customer's account; nothing for a system account.</summary>
    public static Digest Of(AccountRow row) => row.Kind != AccountKind.Customer ? default
        : OfAccount(row.Id, row.CustomerId, row.Version, row.Currency.Code, row.Iban)
            + OfState(row.Id, row.Status.Word(), row.PostedMinor, row.PendingOutMinor, row.OverdraftLimitMinor);

    /// <summary>The row of a customer.</summary>
    public static Digest Of(CustomerRow row) => OfCustomer(row.Id, row.Version, row.Profile.Data);

    /// <summary>By how much an event changes the digest of its customer.</summary>
    public static Digest Of(LedgerEvent happened, EventData data)
    {
        var id = happened.Subject;
        return happened.Type switch
        {
            EventType.CustomerCreated => OfCustomer(id, happened.Version, data.Personal is [var part] ? part.Data : []),
            EventType.AccountCreated => OfAccount(id, data.CustomerId, happened.Version, data.Currency, data.Iban)
                + OfState(id, data.Status, data.PostedMinor, data.HeldMinor, data.OverdraftLimitMinor),
            _ => new Digest(0, 1, 0) + Digest.Figure(id, Posted, data.AmountMinor)
                + Digest.Figure(id, Held, data.HeldChangeMinor)
                + (data.StatusBefore is { } before
                    ? Digest.Figure(id, Status, data.Status) - Digest.Figure(id, Status, before) : default),
        };
    }
}
