using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// Reads documents of the store, which other tools may have edited. A document that the program cannot have written is
/// damaged: it is reported by name and ignored, and does not affect others.
/// </summary>
internal static class StoredView
{
    /// <summary>The customer document; null if it is damaged, as <paramref name="damage"/> explains.</summary>
    public static CustomerDocument? Customer(Document stored, out string? damage) =>
        Read(stored, ViewJson.Customer, WhatIsWrong, out damage);

    /// <summary>The transaction document; null if it is damaged, as <paramref name="damage"/> explains.</summary>
    public static TransactionDocument? Transaction(Document stored, out string? damage) =>
        Read(stored, ViewJson.Transaction, WhatIsWrong, out damage);

    /// <summary>Parses a cached customer document; null if it is damaged.</summary>
    public static CustomerDocument? Cached(string id, ReadOnlyMemory<byte> json) =>
        Customer(new Document(id, 1, json), out _);

    private static T? Read<T>(
        Document stored, Func<ReadOnlyMemory<byte>, T> parse, Func<T, string, string?> judge, out string? damage)
        where T : class
    {
        damage = stored.Damage;
        if (damage is not null) return null;
        try
        {
            var document = parse(stored.Json);
            damage = judge(document, stored.Id);
            return damage is null ? document : null;
        }
        // Parsing is pure: any exception concerns only this document.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            damage = $"it cannot be read: {fault.Message}";
            return null;
        }
    }

    /// <summary>What is wrong with a document of this id; null if nothing is.</summary>
    internal static string? WhatIsWrong(CustomerDocument document, string id)
    {
        if (document.CustomerId.ToString() != id) return "its customer is not the one in its id";
        if (document is not
            {
                Accounts: not null, Clock: not null,
                Transactions: { Last30Days: not null, Days: not null, Recent: not null }
            }) return "it lacks a field";
        if (!Array.TrueForAll(
            document.Accounts, account =>
                account is { Status: not null }
                && IsCurrency(account.Currency))) return "one of its accounts is incomplete";
        var activity = document.Transactions;
        if (activity.Last30Days.Currencies is null
            || !Array.TrueForAll(activity.Last30Days.Currencies, sum => sum is not null && IsCurrency(sum.Currency)))
            return "its sums are incomplete";
        if (!Array.TrueForAll(activity.Days, day => day is not null && IsCurrency(day.Currency)))
            return "one of its days is incomplete";
        return Array.TrueForAll(
            activity.Recent, recent =>
                recent is { Kind: not null } && IsCurrency(recent.Currency) && IsTime(recent.BookedAtUs))
            ? null : "one of its movements is incomplete";
    }

    private static string? WhatIsWrong(TransactionDocument document, string id)
    {
        if (TransactionDocument.IdOf(document.AccountId, document.EntryVersion) != id)
            return "its entry is not the one in its id";
        return document is { Kind: not null, Direction: not null } && IsCurrency(document.Currency)
            && IsTime(document.BookedAtUs) ? null : "it is incomplete";
    }

    private static bool IsCurrency(string? code) => Currency.TryParse(code, out _);

    private static bool IsTime(long us) =>
        us >= 0 && us < long.MaxValue / TimeSpan.TicksPerMicrosecond && us <= DateTimeOffset.MaxValue.ToUs();
}
