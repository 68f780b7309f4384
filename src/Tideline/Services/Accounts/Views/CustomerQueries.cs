using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// A customer as read. <paramref name="StalenessMs"/>: how old the answer may be; 0 from the ledger.
/// <paramref name="IsBlocked"/>: the view is known to be behind, because an event of this customer is among the dead
/// letters.
/// </summary>
public sealed record CustomerRead(CustomerDocument Customer, ServedBy ServedBy, double StalenessMs, bool IsBlocked);

/// <summary>A page of movements, newest first; <paramref name="Cursor"/> null at the end.</summary>
public sealed record TransactionPage(
    IReadOnlyList<TransactionDocument> Transactions, string? Cursor, double StalenessMs);

/// <summary>A page of customers; <paramref name="Cursor"/> null at the end.</summary>
public sealed record CustomerPage(IReadOnlyList<CustomerDocument> Customers, string? Cursor, double StalenessMs);

/// <summary>Reads of customers and their movements at the requested freshness.</summary>
public sealed class CustomerQueries
{
    private static readonly string[] SearchedFields =
        ["reference", "externalReference", "kind", "counterpartyId", "transactionId"];

    private readonly Projector _projector;
    private readonly DeadLetterQueue _letters;
    private readonly GeneralLedger _ledger;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly LedgerCustomerReader _strong;
    private readonly ViewFreshness _freshness;
    private readonly ViewCache? _cache;
    private readonly DamagedDocuments _damaged;

    internal CustomerQueries(
        Projection projection, GeneralLedger ledger, IViewStore views, ViewCache? cache,
            DamagedDocuments damaged, TimeProvider time)
    {
        (_projector, _letters, _ledger, _views, _cache, _damaged, _time) =
            (projection.Projector, projection.Letters, ledger, views, cache, damaged, time);
        _strong = new LedgerCustomerReader(ledger, time);
        _freshness = new ViewFreshness(projection.Projector, ledger, views, time);
    }

    /// <summary>A customer from the ledger, for where there are no views; null if there is none.</summary>
    public static async Task<CustomerRead?> FromLedgerAsync(
        GeneralLedger ledger, TimeProvider time, Guid id, CancellationToken cancel) =>
        Strong(await new LedgerCustomerReader(ledger, time).ReadAsync(id, cancel));

    /// <summary>
    /// A customer; null if there is none (for an eventual read: none in the view). If the view has no trustworthy
    /// document, the ledger answers.
    /// </summary>
    public async Task<CustomerRead?> GetCustomerAsync(Guid id, ReadConsistency consistency, CancellationToken cancel)
    {
        var found = await FindInCacheAsync(id, consistency, cancel);
        if (found.Json is { } json && StoredView.Cached(id.ToString(), json) is { } cached)
            return Answer(cached, ServedBy.Cache, found.StalenessMs, isBlocked: false);
        var names = _projector.Names;
        if (!await _freshness.IsReachedAsync(consistency, cancel)) return await FromLedgerAsync(id, cancel);
        // Taken before the read and in this order: later changes can only make the answer fresher, and a customer that
        // is not blocked now has every event up to the horizon.
        var (staleness, horizon) = (_projector.LagMs(), _freshness.Horizon());
        var isBlocked = _letters.IsBehind(id.ToString());
        if (!_projector.IsActive(names)) return await FromLedgerAsync(id, cancel);
        if (isBlocked && consistency.Level != ConsistencyLevel.Eventual) return await FromLedgerAsync(id, cancel);
        var collection = names.Documents;
        // A cached document must contain at least the horizon, which a nearby replica need not.
        var fills = _cache is not null && found.Lease != Guid.Empty && !isBlocked;
        var (stored, isThere) = await ReadAsync(fills ? _views : Reader(consistency), collection, id, cancel);
        if (stored is null)
            return isThere && consistency.Level == ConsistencyLevel.Eventual ? null : await FromLedgerAsync(id, cancel);
        if (Sound(collection, stored) is not { HasCustomerEvent: true } customer)
            return await FromLedgerAsync(id, cancel);
        if (fills)
            await _cache!.FillAsync(ViewCache.Key(collection, stored.Id), found.Lease, horizon, stored, cancel);
        return Answer(customer, ServedBy.View, staleness, isBlocked);
    }

    /// <summary>Customers with this e-mail address, from the view.</summary>
    /// <exception cref="TidelineException">InvalidInput: a bad cursor or limit, or a token of a position that was never
    /// written. ViewBehind: the view is older than requested, and does not catch up in time.</exception>
    public async Task<CustomerPage> FindCustomersByEmailAsync(
        string email, ReadConsistency consistency, string? cursor, int limit, CancellationToken cancel)
    {
        CheckLimit(limit);
        var stand = await _freshness.RequireAsync(consistency, () => RequireNoneWaitsAsync(email, cancel), cancel);
        var staleness = _projector.LagMs();
        var query = new DocumentQuery(
            stand.Names.Documents,
            new Dictionary<string, object> { ["emailKey"] = CustomerProfile.EmailKeyOf(email) },
            null, null, null, Descending: false, [], null,
            cursor is null ? null : ("", Cursor.Parse(cursor).Id), limit);
        var found = await QueryAsync(consistency, stand, query, cancel);
        var customers = new List<CustomerDocument>(found.Count);
        foreach (var document in found)
        {
            var customer = Sound(query.Collection, document) ?? await FromLedgerAsync(document, email, cancel);
            if (customer is not null) customers.Add(CustomerFold.Age(customer, Today()));
        }

        return new CustomerPage(
            customers, found.Count == limit ? new Cursor(0, found[^1].Id).ToString() : null, staleness);
    }

    /// <summary>
    /// A customer's movements within a period (both ends included; null: open), newest first. <paramref name="words"/>:
    /// null, or part of the reference, kind, counterparty or id.
    /// </summary>
    /// <exception cref="TidelineException">
    /// InvalidInput: a bad cursor, limit or search text, or a token of a position that was never written. ViewBehind:
    /// the view is older than requested, and does not catch up in time.
    /// </exception>
    public async Task<TransactionPage> SearchTransactionsAsync(
        Guid customerId, ReadConsistency consistency,
        DateTimeOffset? from, DateTimeOffset? to, string? words, string? cursor, int limit, CancellationToken cancel)
    {
        CheckLimit(limit);
        if (words?.Length > AccountLimits.SearchCharacters) throw new TidelineException(
            ErrorCode.InvalidInput, $"A search text may have at most {AccountLimits.SearchCharacters} characters.");
        // A strong read of a past period must not change later.
        if (consistency.Level == ConsistencyLevel.Strong && to is { } end)
            await _ledger.FenceAllAsync(end.ToUs(), cancel);
        var stand = await _freshness.RequireAsync(
            consistency,
            () => _letters.IsBehind(customerId.ToString()) ? throw Waits($"Events of customer {customerId} wait")
                : Task.CompletedTask,
            cancel);
        (object, string)? after = cursor is not null
            && Cursor.Parse(cursor) is var place ? (place.OrderValue, place.Id) : null;
        var staleness = _projector.LagMs();
        var query = new DocumentQuery(
            stand.Names.Of(CustomersProjection.Transactions), new Dictionary<string,
                object>
            { ["customerId"] = customerId.ToString() },
                "bookedAtUs", from?.ToUs(), to?.ToUs(),
            Descending: true, SearchedFields, string.IsNullOrEmpty(words) ? null : words, after, limit);
        var found = await QueryAsync(consistency, stand, query, cancel);
        TransactionDocument[] transactions =
            [.. found.Select(document => Entry(query.Collection, document, customerId))];
        return new TransactionPage(transactions,
            found.Count == limit ? new Cursor(transactions[^1].BookedAtUs, found[^1].Id).ToString() : null, staleness);
    }

    // IsThere is false if the collection cannot be read, as opposed to a missing document.
    private static async Task<(Document? Stored, bool IsThere)> ReadAsync(
        IViewReader reader, string collection, Guid id, CancellationToken cancel)
    {
        try
        {
            return (await reader.ReadAsync(collection, [id.ToString()], cancel) is [var document] ? document
                : null, true);
        }
        // The ledger answers while the store has lost the collection, or cannot be read.
        catch (TidelineException fault) when (fault.Code
            is ErrorCode.NotFound or ErrorCode.Corrupt or ErrorCode.StorageUnavailable)
        {
            return (null, false);
        }
    }

    private async Task<IReadOnlyList<Document>> QueryAsync(
        ReadConsistency consistency, ViewStand stand, DocumentQuery query, CancellationToken cancel)
    {
        try
        {
            var found = await Reader(consistency).QueryAsync(query, cancel);
            await _freshness.RequireStillAsync(stand, cancel);
            return found;
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            throw new TidelineException(
                ErrorCode.ViewBehind,
                $"The views have lost {query.Collection}, and only the views can answer this. ./tideline projections " +
                $"rebuild {CustomersProjection.Name} --force rebuilds them.", fault);
        }
    }

    private CustomerDocument? Sound(string collection, Document stored)
    {
        var customer = StoredView.Customer(stored, out var damage);
        if (damage is null) _damaged.Forget(collection, stored.Id);
        else _damaged.Note(collection, stored.Id, damage);
        return customer;
    }

    // A list without one of its entries would be wrong, so this customer's list fails; those of other customers do not.
    private TransactionDocument Entry(string collection, Document stored, Guid customerId)
    {
        var entry = StoredView.Transaction(stored, out var damage);
        if (damage is null && entry!.CustomerId != customerId) damage = "it names another customer than its index";
        if (damage is null) return entry!;
        _damaged.Note(collection, stored.Id, damage);
        throw new TidelineException(
            ErrorCode.ViewBehind,
                $"A movement of customer {customerId} is damaged in the views ('{stored.Id}': {damage}). To " +
                $"repair it: {ViewRepair.CommandFor(CustomersProjection.Definition, customerId.ToString())}.");
    }

    private async Task<CustomerDocument?> FromLedgerAsync(Document damaged, string email, CancellationToken cancel) =>
        Guid.TryParse(damaged.Id, out var id) && await _strong.ReadAsync(id, cancel) is { } customer
            && customer.ReadProfile()?.HasEmail(email) == true ? customer : null;

    // A customer with waiting events is not cached: no position tells how old the document is.
    private ValueTask<CacheFind> FindInCacheAsync(Guid id, ReadConsistency consistency, CancellationToken cancel) =>
        _cache is null || consistency.Level == ConsistencyLevel.Strong || _letters.IsBehind(id.ToString())
            ? default
            : _cache.FindAsync(ViewCache.Key(_projector.Names.Documents, id.ToString()), consistency, cancel);

    private async Task<CustomerRead?> FromLedgerAsync(Guid id, CancellationToken cancel) =>
        Strong(await _strong.ReadAsync(id, cancel));

    private static CustomerRead? Strong(CustomerDocument? customer) =>
        customer is null ? null : new CustomerRead(customer, ServedBy.Ledger, 0, IsBlocked: false);

    private CustomerRead Answer(CustomerDocument customer, ServedBy served, double stalenessMs, bool isBlocked) =>
        new(CustomerFold.Age(customer, Today()), served, stalenessMs, isBlocked);

    // In the views, a customer with waiting events is older than any position tells.
    private async Task RequireNoneWaitsAsync(string email, CancellationToken cancel)
    {
        var blocked = _letters.KeysBehind();
        if (blocked.Count > Limits.PageRows) throw Waits($"Events of {blocked.Count} customers wait");
        foreach (var key in blocked)
        {
            if (Guid.TryParse(key, out var id) && await _ledger.ReaderOf(id).GetCustomerAsync(id, cancel)
                is { } customer
                && CustomerProfile.Read(customer.Profile.Data)?.HasEmail(email) == true)
                throw Waits($"Events of customer {key} wait");
        }
    }

    private static TidelineException Waits(string who) =>
        new(ErrorCode.ViewBehind, $"{who} among the dead letters, or were given up, so the views cannot answer this; "
            + "an operator must replay them, or repair the customer: see ./tideline dlq list. An eventual read still "
            + "works.");

    private IViewReader Reader(ReadConsistency consistency) => consistency.Level == ConsistencyLevel.Eventual
        ? _views.Nearest
        : _views;

    private DateOnly Today() => DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);

    private static void CheckLimit(int limit)
    {
        if (limit is < 1 or > Limits.PageRows)
            throw new TidelineException(ErrorCode.InvalidInput, $"A page must have 1 to {Limits.PageRows} rows.");
    }

    // Opaque to clients: the order value and id of the last row of a page.
    private readonly record struct Cursor(long OrderValue, string Id)
    {
        public override string ToString() => Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{OrderValue}|{Id}")));

        public static Cursor Parse(string text)
        {
            if (text.Length is 0 or > Limits.TokenCharacters || !Base64Url.IsValid(text)) throw Bad();
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|');
            return parts is [var value, { Length: > 0 and <= 200 } id]
                && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? new Cursor(number, id)
                : throw Bad();
        }

        private static TidelineException Bad() => new(ErrorCode.InvalidInput,
            "The cursor does not belong to this list. "
            + "Send the cursor of the previous page unchanged.");
    }
}
