using System.Text.Json;
using Tideline.Kernel;
using Tideline.Projections;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// Pure functions that apply an event to a customer document. An event that the document's clock covers changes
/// nothing; an event that skips a version of its aggregate is a fault, because an event was lost.
/// </summary>
internal static class CustomerFold
{
    /// <summary>Whether the document already contains the event.</summary>
    public static bool Covers(CustomerDocument? document, LedgerEvent happened) =>
        document is not null
            && document.Clock.TryGetValue(happened.Subject, out var version) && happened.Version <= version;

    /// <summary>The document after the event; the same instance if the document already contains it.</summary>
    /// <exception cref="TidelineException">Corrupt: the event cannot follow the document's state.</exception>
    public static CustomerDocument Apply(CustomerDocument? document, LedgerEvent happened, EventData data) =>
        Apply(document, happened, data, null);

    /// <summary>As above, for an event of another service's part.</summary>
    public static CustomerDocument Apply(
        CustomerDocument? document, LedgerEvent happened, EventData data, DocumentPart? part)
    {
        if (Covers(document, happened)) return document!;
        if (data.CustomerId == Guid.Empty || (document is not null && document.CustomerId != data.CustomerId))
            throw Broken(happened, "it belongs to another customer");
        document ??= new CustomerDocument { CustomerId = data.CustomerId };
        var known = document.Clock.TryGetValue(happened.Subject, out var version) ? version : 0;
        if (happened.Version != known + 1) throw Broken(happened, $"version {known + 1} of its aggregate is missing");
        var changed = happened.Type switch
        {
            _ when part is not null => WithPart(document, happened, data, part),
            EventType.CustomerCreated => WithProfile(document, happened, data),
            EventType.AccountCreated or EventType.BalanceUpdated => WithAccount(document, happened, data),
            EventType.TransactionRecorded or EventType.AccountDebited or EventType.AccountCredited =>
                WithMovement(WithAccount(document, happened, data), happened, data),
            _ => throw Broken(happened, "its type is unknown"),
        };
        return changed
            with
        { Clock = new SortedList<Guid, long>(document.Clock) { [happened.Subject] = happened.Version } };
    }

    /// <summary>
    /// The document as of <paramref name="today"/> (UTC): days outside the window are removed from buckets and sums.
    /// </summary>
    public static CustomerDocument Age(CustomerDocument document, DateOnly today)
    {
        var first = Activity.FirstDay(today);
        return document.Transactions.Days.Length == 0 || document.Transactions.Days[0].Day >= first
            ? document
            : WithDays(document, Activity.Since(document.Transactions.Days, first));
    }

    /// <summary>The entry that an event records on a customer's account; null if it records none.</summary>
    /// <exception cref="TidelineException">Corrupt: a movement without account or transaction.</exception>
    public static TransactionDocument? Transaction(LedgerEvent happened, EventData data)
    {
        if (happened.Type is not (EventType.TransactionRecorded
            or EventType.AccountDebited or EventType.AccountCredited)) return null;
        return new TransactionDocument
        {
            CustomerId = data.CustomerId,
            AccountId = data.AccountId ?? throw Broken(happened, "it names no account"),
            EntryVersion = data.EntryVersion ?? throw Broken(happened, "it names no entry"),
            TransactionId = data.TransactionId ?? throw Broken(happened, "it names no transaction"),
            Kind = data.Kind ?? throw Broken(happened, "it names no kind"),
            Direction = data.AmountMinor < 0 ? "out" : "in",
            AmountMinor = data.AmountMinor,
            Currency = data.Currency ?? throw Broken(happened, "it names no currency"),
            BalanceAfterMinor = data.PostedMinor,
            CounterpartyId = data.CounterpartyId,
            Reference = data.Reference,
            BookedAtUs = happened.TimeUs,
            BookedAt = Clock.FromUs(happened.TimeUs),
            SagaId = data.SagaId,
            ValueDate = data.ValueDate,
            Code = data.Code,
            ExternalReference = data.ExternalReference,
            Metadata = data.Metadata,
            Personal = data.Personal,
        };
    }

    /// <summary>
    /// The document with the clock moved past an event that an operator discarded; nothing else changes.
    /// </summary>
    public static CustomerDocument Skip(CustomerDocument? document, Guid customerId, Guid subject, long version)
    {
        document ??= new CustomerDocument { CustomerId = customerId };
        var known = document.Clock.TryGetValue(subject, out var has) ? has : 0;
        return version <= known
            ? document
            : document with { Clock = new SortedList<Guid, long>(document.Clock) { [subject] = version } };
    }

    internal static CustomerDocument WithDays(CustomerDocument document, ActivityDay[] days) => document with
    {
        Transactions = document.Transactions with { Days = days, Last30Days = Activity.Sum(days) },
        OldestDay = days.Length == 0
            ? null
            : days[0].Day.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
    };

    private static CustomerDocument WithPart(
        CustomerDocument document, LedgerEvent happened, EventData data, DocumentPart part)
    {
        JsonElement? before = document.Parts?.TryGetValue(part.Name, out var held) == true ? held : null;
        SortedList<string, JsonElement> parts = document.Parts is { } known
            ? new(known, StringComparer.Ordinal)
            : new(StringComparer.Ordinal);
        parts[part.Name] = part.Fold(before, happened, data);
        return document with { Parts = parts };
    }

    private static CustomerDocument WithProfile(CustomerDocument document, LedgerEvent happened, EventData data) =>
        data.Personal is [var profile] && profile.Subject == document.CustomerId
            ? document.WithProfile(profile.Data)
            : throw Broken(happened, "it has no profile of the customer");

    private static CustomerDocument WithAccount(CustomerDocument document, LedgerEvent happened, EventData data)
    {
        var id = data.AccountId ?? throw Broken(happened, "it names no account");
        if (id != happened.Subject) throw Broken(happened, "its account is not its subject");
        var at = Array.FindIndex(document.Accounts, account => account.AccountId == id);
        if (at < 0 && happened.Type != EventType.AccountCreated)
            throw Broken(happened, "its account was never created");
        var account = new AccountView(
            id, at < 0 ? data.Iban : document.Accounts[at].Iban,
            data.Currency ?? throw Broken(happened, "it names no currency"), data.Status ?? "open",
            data.PostedMinor, data.HeldMinor,
            data.OverdraftLimitMinor, data.PostedMinor - data.HeldMinor + data.OverdraftLimitMinor, happened.Version);
        if (at < 0)
            return document with { Accounts = [.. document.Accounts.Append(account).OrderBy(each => each.AccountId)] };
        var accounts = (AccountView[])document.Accounts.Clone();
        accounts[at] = account;
        return document with { Accounts = accounts };
    }

    private static CustomerDocument WithMovement(CustomerDocument document, LedgerEvent happened, EventData data)
    {
        var entry = Transaction(happened, data)!;
        var recent = new RecentTransaction(
            entry.TransactionId, entry.AccountId, entry.Kind, entry.AmountMinor,
            entry.Currency, entry.BalanceAfterMinor, entry.BookedAtUs, entry.CounterpartyId, entry.Reference);
        var day = DateOnly.FromDateTime(entry.BookedAt.UtcDateTime);
        var counted = WithDays(
            document, Activity.Add(document.Transactions.Days, day, entry.Currency, entry.AmountMinor));
        return counted with
        {
            Transactions = counted.Transactions with { Recent = Activity.Add(document.Transactions.Recent, recent) }
        };
    }

    private static TidelineException Broken(LedgerEvent happened, string why) =>
        new(ErrorCode.Corrupt, $"{happened.Type} at {happened.Position} cannot be applied: {why}.");
}
