using System.Globalization;

namespace Tideline.Services.Analytics;

/// <summary>
/// The movements on a bank's customer accounts on one day (UTC), in one currency. Its clock has one position per shard:
/// every account feeds it, so one component per account would grow with the bank.
/// </summary>
public sealed record DailyFigures
{
    /// <summary>The day, <c>yyyy-MM-dd</c>; indexed.</summary>
    public string Day { get; init; } = "";

    /// <summary>ISO 4217 code; indexed.</summary>
    public string Currency { get; init; } = "";

    /// <summary>By kind, such as <c>transfer</c> or <c>deposit</c>.</summary>
    public SortedList<string, KindFigures> Kinds { get; init; } = [];

    /// <summary>Shard → the last counted event of that shard.</summary>
    public SortedList<int, long> Clock { get; init; } = [];

    /// <summary>The document's id.</summary>
    public static string IdOf(string day, string currency) => $"{day}:{currency}";

    /// <summary>The day of a time.</summary>
    public static string DayOf(long timeUs) =>
        Kernel.Clock.FromUs(timeUs).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>An empty document for an id.</summary>
    internal static DailyFigures Of(string id) => id.Split(':') is [var day, var currency]
        ? new DailyFigures { Day = day, Currency = currency }
        : throw new FormatException($"'{id}' is not a day and currency.");
}

/// <summary>
/// Entries of a kind: their number, and the incoming and outgoing amounts, in minor units, both positive. A transfer
/// between two customers is two entries. Decimal, because a sum may exceed 64 bits.
/// </summary>
public sealed record KindFigures(long Count, decimal InMinor, decimal OutMinor)
{
    /// <summary>Adds an entry; <paramref name="amountMinor"/> is negative for outgoing money.</summary>
    public KindFigures With(long amountMinor) => amountMinor < 0
        ? this with { Count = Count + 1, OutMinor = OutMinor - amountMinor }
        : this with { Count = Count + 1, InMinor = InMinor + amountMinor };
}
