namespace Tideline.Services.Accounts;

/// <summary>Limits of customers, accounts and holds. A name ends with its unit.</summary>
public static class AccountLimits
{
    /// <summary>Days that <c>last_30_days</c> covers: today (UTC) and those before it.</summary>
    internal const int ActivityDays = 30;

    /// <summary>Documents rewritten by one step of the aging pass.</summary>
    internal const int AgingDocuments = 500;

    /// <summary>
    /// How often the aging pass searches for documents whose oldest day left the window, milliseconds.
    /// </summary>
    internal const int AgingIntervalMs = 60_000;

    /// <summary>Longest life of a hold, days.</summary>
    internal const int HoldDays = 366;

    /// <summary>Recent transactions kept in a customer document.</summary>
    internal const int RecentTransactions = 20;

    /// <summary>Accounts of one customer that a strong read lists, per shard.</summary>
    internal const int CustomerAccounts = 10_000;

    /// <summary>Longest text to search for.</summary>
    public const int SearchCharacters = 200;

    /// <summary>Customers whose documents an ordinary verification folds again; a deep one folds all.</summary>
    internal const int VerifySampleCustomers = 1_000;
}
