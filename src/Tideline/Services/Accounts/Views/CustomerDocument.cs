using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// The view of a customer: accounts, recent activity and profile. All amounts are whole minor units of the currency
/// beside them. The order of lists does not depend on the order in which shards were read, so two folds of the same
/// events are equal byte for byte.
/// </summary>
public sealed record CustomerDocument
{
    /// <summary>The document's id.</summary>
    public Guid CustomerId { get; init; }

    /// <summary>
    /// The bytes of the customer's personal part, as in row and event: <see cref="CustomerProfile"/>. Null until
    /// CUSTOMER_CREATED has been folded; that event may be on another shard than the accounts.
    /// </summary>
    public byte[]? Profile { get; init; }

    /// <summary>The key by which an e-mail address finds the document; indexed.</summary>
    public string? EmailKey { get; init; }

    /// <summary>The accounts, in the order of their ids.</summary>
    public AccountView[] Accounts { get; init; } = [];

    public CustomerActivity Transactions { get; init; } = new();

    /// <summary>
    /// The oldest day (UTC, <c>yyyy-MM-dd</c>) that <see cref="Transactions"/> counts; indexed, for the aging pass.
    /// </summary>
    public string? OldestDay { get; init; }

    /// <summary>What other services add, by the name of their part; null if nothing.</summary>
    public SortedList<string, JsonElement>? Parts { get; init; }

    /// <summary>
    /// The vector clock: aggregate (customer, account, or one of another service) → version of its last event folded
    /// in.
    /// </summary>
    public SortedList<Guid, long> Clock { get; init; } = [];

    /// <summary>
    /// Whether the customer's own first event is in it. If not, that event is still to come from its shard, or somebody
    /// deleted the document and an account that was opened since began it anew, without the others.
    /// </summary>
    [JsonIgnore]
    public bool HasCustomerEvent => Clock.ContainsKey(CustomerId);

    /// <summary>The parsed profile; null if there is none, or if it cannot be read.</summary>
    public CustomerProfile? ReadProfile() => Profile is null ? null : CustomerProfile.Read(Profile);

    /// <summary>The document with a profile, and the key by which its e-mail address finds it.</summary>
    internal CustomerDocument WithProfile(byte[] profile) => this with
    {
        Profile = profile,
        EmailKey = CustomerProfile.Read(profile) is { } said ? CustomerProfile.EmailKeyOf(said.Email) : null,
    };
}

/// <summary>
/// An account of the customer. <paramref name="AvailableMinor"/> = posted − held + overdraft limit.
/// <paramref name="Version"/> counts its events.
/// </summary>
public sealed record AccountView(
    Guid AccountId, string? Iban, string Currency,
    string Status, long PostedMinor, long HeldMinor, long OverdraftLimitMinor, long AvailableMinor, long Version);

/// <summary>Recent movements.</summary>
public sealed record CustomerActivity
{
    /// <summary>Sums over <see cref="Days"/>.</summary>
    [JsonPropertyName("last_30_days")]
    public ActivityWindow Last30Days { get; init; } = new(0, []);

    /// <summary>The last movements, newest first; at most <see cref="AccountLimits.RecentTransactions"/>.</summary>
    public RecentTransaction[] Recent { get; init; } = [];

    /// <summary>Daily buckets of the window, oldest first, then by currency.</summary>
    public ActivityDay[] Days { get; init; } = [];
}

/// <summary>
/// Movements on the customer's accounts in the window (today UTC and the 29 days before it), counted per entry.
/// </summary>
public sealed record ActivityWindow(long Count, CurrencyActivity[] Currencies);

/// <summary>In and out are both positive, in minor units; decimal because a sum may pass 64 bits.</summary>
public sealed record CurrencyActivity(string Currency, long Count, decimal InMinor, decimal OutMinor);

/// <summary>A bucket: one UTC day (<c>yyyy-MM-dd</c>) and currency.</summary>
public sealed record ActivityDay(DateOnly Day, string Currency, long Count, decimal InMinor, decimal OutMinor);

/// <summary>A movement; <paramref name="AmountMinor"/> is negative for outgoing money.</summary>
public sealed record RecentTransaction(
    Guid TransactionId, Guid AccountId, string Kind, long AmountMinor,
    string Currency, long BalanceAfterMinor, long BookedAtUs, Guid? CounterpartyId, string? Reference);
