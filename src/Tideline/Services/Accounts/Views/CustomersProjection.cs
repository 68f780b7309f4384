using System.Globalization;
using System.Runtime.CompilerServices;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// Customers with their accounts and recent activity, and every movement on their accounts. A document's clock counts
/// the events of each of its aggregates, so that a lost event is detected.
/// </summary>
public static class CustomersProjection
{
    /// <summary>The projection, and its collection of documents.</summary>
    public const string Name = "customers";

    /// <summary>The collection of movements.</summary>
    public const string Transactions = "transactions";

    /// <summary>The documents of customers.</summary>
    internal static DocumentCollection<CustomerDocument> Documents { get; } = new()
    {
        Name = Name,
        // By e-mail address, and by oldest counted day for the aging pass.
        Indexes = [["emailKey"], ["oldestDay"]],
        Fields =
        [
            new("customerId", FieldKind.Id),
            new("profile", FieldKind.Bytes),
            new("accounts.accountId", FieldKind.Id),
            new("accounts.postedMinor", FieldKind.AmountMinor),
            new("accounts.heldMinor", FieldKind.AmountMinor),
            new("accounts.overdraftLimitMinor", FieldKind.AmountMinor),
            new("accounts.availableMinor", FieldKind.AmountMinor),
            new("transactions.last_30_days.currencies.inMinor", FieldKind.AmountMinor),
            new("transactions.last_30_days.currencies.outMinor", FieldKind.AmountMinor),
            new("transactions.recent.transactionId", FieldKind.Id),
            new("transactions.recent.accountId", FieldKind.Id),
            new("transactions.recent.amountMinor", FieldKind.AmountMinor),
            new("transactions.recent.balanceAfterMinor", FieldKind.AmountMinor),
            new("transactions.recent.bookedAtUs", FieldKind.TimeUs),
            new("transactions.recent.counterpartyId", FieldKind.Id),
            new("transactions.days.day", FieldKind.Day),
            new("transactions.days.inMinor", FieldKind.AmountMinor),
            new("transactions.days.outMinor", FieldKind.AmountMinor),
            new("oldestDay", FieldKind.Day),
        ],
        IsStreamed = true,
        Json = ViewJson.Default.CustomerDocument,
        Fold = CustomerFold.Apply,
        FoldPart = CustomerFold.Apply,
        Clock = new(
            CustomerFold.Covers,
            (document, key, happened) => CustomerFold.Skip(
                document, Guid.Parse(key), happened.Subject, happened.Version),
            (left, right) => left.Clock.SequenceEqual(right.Clock)),
        IndexValues = document => new Dictionary<string, object?>(2)
        {
            ["emailKey"] = document.EmailKey, ["oldestDay"] = document.OldestDay,
        },
        Damage = StoredView.WhatIsWrong,
        On = CustomerFold.Age,
        Keys = KeysAsync,
        IsThere = IsCustomerAsync,
        IsBacked = IsCustomerAsync,
        Shared = new(SharedOf, SharedOfAsync, LedgerDigest.Of),
    };

    /// <summary>The documents of movements.</summary>
    internal static RowCollection Movements { get; } = new()
    {
        Name = Transactions,
        Indexes = [["customerId", "bookedAtUs"], ["accountId", "bookedAtUs"]],
        Fields =
        [
            new("customerId", FieldKind.Id),
            new("accountId", FieldKind.Id),
            new("transactionId", FieldKind.Id),
            new("amountMinor", FieldKind.AmountMinor),
            new("balanceAfterMinor", FieldKind.AmountMinor),
            new("counterpartyId", FieldKind.Id),
            new("bookedAt", FieldKind.Time, ExactUs: "bookedAtUs"),
            new("sagaId", FieldKind.Id),
            new("valueDate", FieldKind.Day),
            new("personal.subject", FieldKind.Id),
            new("personal.data", FieldKind.Bytes),
        ],
        Row = happened => CustomerFold.Transaction(happened.Event, happened.Data!) is { } entry ? Write(entry) : null,
        KeyOf = stored => StoredView.Transaction(stored, out _)?.CustomerId.ToString(),
        Damage = stored =>
        {
            StoredView.Transaction(stored, out var damage);
            return damage;
        },
        IsBacked = HasEntryAsync,
    };

    /// <summary>The registration.</summary>
    public static ProjectionDefinition Definition { get; } = new()
    {
        Name = Name,
        SchemaVersion = 2,
        Takes = new HashSet<EventType>
        {
            EventType.CustomerCreated, EventType.AccountCreated, EventType.BalanceUpdated,
            EventType.TransactionRecorded, EventType.AccountDebited, EventType.AccountCredited,
        },
        Key = happened => (happened.Data?.CustomerId ?? happened.Owner).ToString(),
        Documents = Documents,
        Rows = [Movements],
        Announcement = new ViewAnnouncement(Log.Topics.CustomerEvents, EventType.CustomerViewUpdated),
        ShardsOf = ShardsOfAsync,
    };

    /// <summary>A guarded write of a customer document.</summary>
    internal static DocumentWrite Write(CustomerDocument document, long revision) =>
        Documents.Write(document.CustomerId.ToString(), document, revision);

    // Parts of other services have no rows that the core knows.
    private static Dictionary<Guid, Digest> SharedOf(CustomerDocument document)
    {
        var (customer, shared) = (document.CustomerId, new Dictionary<Guid, Digest>());
        if (document.Clock.TryGetValue(customer, out var version))
            shared[customer] = LedgerDigest.OfCustomer(customer, version, document.Profile);
        foreach (var account in document.Accounts)
        {
            shared[account.AccountId] = LedgerDigest.OfAccount(
                account.AccountId, customer, document.Clock.GetValueOrDefault(account.AccountId), account.Currency,
                account.Iban) + LedgerDigest.OfState(
                account.AccountId, account.Status, account.PostedMinor, account.HeldMinor, account.OverdraftLimitMinor);
        }

        return shared;
    }

    private static async Task<IReadOnlyDictionary<Guid, Digest>?> SharedOfAsync(
        GeneralLedger ledger, string key, CancellationToken cancel)
    {
        if (!Guid.TryParse(key, out var id)
            || await ledger.ReaderOf(id).GetCustomerAsync(id, cancel) is not { } customer) return null;
        var shared = new Dictionary<Guid, Digest> { [id] = LedgerDigest.Of(customer) };
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            foreach (var account in await ledger.Reader(shard)
                .GetAccountsOfCustomerAsync(id, AccountLimits.CustomerAccounts, cancel))
                shared[account.Id] = LedgerDigest.Of(account);
        }

        return shared;
    }

    private static DocumentWrite Write(TransactionDocument entry) => new(
        TransactionDocument.IdOf(entry.AccountId, entry.EntryVersion),
        0, 1, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(entry, ViewJson.Default.TransactionDocument),
        new Dictionary<string, object?>(3)
        {
            ["customerId"] = entry.CustomerId.ToString(),
            ["bookedAtUs"] = entry.BookedAtUs, ["accountId"] = entry.AccountId.ToString(),
        });

    // A customer's events are on the shards of the customer and the accounts.
    private static async Task<IReadOnlyList<int>> ShardsOfAsync(
        GeneralLedger ledger, string key, CancellationToken cancel)
    {
        if (!Guid.TryParse(key, out var customer)) return [];
        var shards = new SortedSet<int> { ledger.Map.ShardOf(customer) };
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if ((await ledger.RawReader(shard).GetAccountsOfCustomerAsync(customer, 1, cancel)).Count > 0)
                shards.Add(shard);
        }

        return [.. shards];
    }

    private static async IAsyncEnumerable<string> KeysAsync(
        GeneralLedger ledger, bool deep, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if (!deep)
            {
                foreach (var id in await CustomerSample.EvenlyAsync(
                    ledger.Reader(shard), AccountLimits.VerifySampleCustomers / ledger.Map.Shards + 1, cancel))
                    yield return id.ToString();
                continue;
            }

            var after = Guid.Empty;
            while (await ledger.Reader(shard)
                .GetCustomersAsync(after, ViewLimits.VerifyGroupDocuments, cancel) is { Count: > 0 } group)
            {
                foreach (var customer in group) yield return customer.Id.ToString();
                after = group[^1].Id;
            }
        }
    }

    private static async Task<bool> IsCustomerAsync(GeneralLedger ledger, string key, CancellationToken cancel) =>
        Guid.TryParse(key, out var customer)
            && await ledger.RawReader(ledger.Map.ShardOf(customer)).GetCustomerAsync(customer, cancel) is not null;

    private static async Task<bool> HasEntryAsync(GeneralLedger ledger, string id, CancellationToken cancel)
    {
        if (id.Split(':') is not [var left, var right]
            || !Guid.TryParse(left, out var account)
            || !long.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            || TransactionDocument.IdOf(account, version) != id) return false;
        var key = new HashSet<EntryKey> { new(account, version) };
        return (await ledger.ReaderOf(account).GetEntriesAsync(key, cancel)).Count > 0;
    }
}
