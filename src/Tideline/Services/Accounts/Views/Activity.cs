namespace Tideline.Services.Accounts.Views;

/// <summary>
/// Daily buckets and recent movements. Every result depends only on the set of movements, not on their order.
/// </summary>
internal static class Activity
{
    /// <summary>The first day of the window that ends with <paramref name="last"/>.</summary>
    public static DateOnly FirstDay(DateOnly last) => last.AddDays(1 - AccountLimits.ActivityDays);

    /// <summary>Buckets that are not before <paramref name="first"/>.</summary>
    public static ActivityDay[] Since(ActivityDay[] days, DateOnly first) =>
        Array.FindAll(days, day => day.Day >= first);

    /// <summary>
    /// Counts a movement in its bucket, and drops buckets that the newest day moves out of the window.
    /// </summary>
    public static ActivityDay[] Add(ActivityDay[] days, DateOnly day, string currency, long amountMinor)
    {
        var at = Array.FindIndex(days, bucket => bucket.Day == day && bucket.Currency == currency);
        ActivityDay[] counted;
        if (at >= 0)
        {
            counted = (ActivityDay[])days.Clone();
            counted[at] = With(counted[at], amountMinor);
        }
        else
        {
            counted = [.. days.Append(With(new ActivityDay(day, currency, 0, 0, 0), amountMinor))
                .OrderBy(bucket => bucket.Day).ThenBy(bucket => bucket.Currency, StringComparer.Ordinal)];
        }

        var first = FirstDay(counted[^1].Day);
        return counted[0].Day < first ? Since(counted, first) : counted;
    }

    /// <summary>The sums of the buckets, per currency.</summary>
    public static ActivityWindow Sum(ActivityDay[] days)
    {
        if (days.Length == 1) return new ActivityWindow(
            days[0].Count, [new CurrencyActivity(days[0].Currency, days[0].Count, days[0].InMinor, days[0].OutMinor)]);
        var sums = new SortedDictionary<string, CurrencyActivity>(StringComparer.Ordinal);
        foreach (var day in days)
        {
            var sum = sums.TryGetValue(day.Currency, out var known)
                ? known
                : new CurrencyActivity(day.Currency, 0, 0, 0);
            sums[day.Currency] = sum with
            {
                Count = sum.Count + day.Count,
                InMinor = sum.InMinor + day.InMinor,
                OutMinor = sum.OutMinor + day.OutMinor
            };
        }

        return new ActivityWindow(days.Sum(day => day.Count), [.. sums.Values]);
    }

    /// <summary>Inserts a movement, newest first, and drops movements beyond the limit.</summary>
    public static RecentTransaction[] Add(RecentTransaction[] recent, RecentTransaction movement)
    {
        var at = 0;
        while (at < recent.Length && IsNewer(recent[at], movement)) at++;
        if (at >= AccountLimits.RecentTransactions) return recent;
        var kept = new RecentTransaction[Math.Min(recent.Length + 1, AccountLimits.RecentTransactions)];
        Array.Copy(recent, kept, at);
        kept[at] = movement;
        Array.Copy(recent, at, kept, at + 1, kept.Length - at - 1);
        return kept;
    }

    private static bool IsNewer(RecentTransaction left, RecentTransaction right)
    {
        var order = left.BookedAtUs.CompareTo(right.BookedAtUs);
        if (order == 0) order = left.TransactionId.CompareTo(right.TransactionId);
        return (order == 0 ? left.AccountId.CompareTo(right.AccountId) : order) > 0;
    }

    private static ActivityDay With(ActivityDay bucket, long amountMinor) => amountMinor < 0
        ? bucket with { Count = bucket.Count + 1, OutMinor = bucket.OutMinor - amountMinor }
        : bucket with { Count = bucket.Count + 1, InMinor = bucket.InMinor + amountMinor };
}
