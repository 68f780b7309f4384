using System.Globalization;
using System.Runtime.InteropServices;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger;

/// <summary>
/// The entries of accounts added up, each account's in the order in which they were written: what stands in memory is
/// one sum an account.
/// </summary>
internal sealed class EntryFold
{
    private readonly Dictionary<Guid, Sum> _sums = [];

    /// <summary>Accounts that have entries.</summary>
    public IReadOnlyCollection<Guid> Accounts => _sums.Keys;

    /// <summary>What the entries of an account add up to; empty when it has none.</summary>
    public Sum Of(Guid account) => _sums.GetValueOrDefault(account, new Sum(0, 0, long.MinValue, null));

    /// <summary>Adds the next entry of its account.</summary>
    public void Add(in EntryRow entry)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, entry.AccountId, out var known);
        if (!known) sum = new Sum(0, 0, long.MinValue, null);
        var (version, after, timeUs) = (entry.Version, entry.PostedAfterMinor, entry.TimeUs);
        var (count, amount, finding) = (sum.Count + 1, sum.AmountMinor + entry.AmountMinor, sum.Finding);
        if (version != count) finding ??= Say($"entry {version} stands where entry {count} should");
        if (after != amount)
            finding ??= Say($"entry {version} says {after} after it, but its entries add up to {amount}");
        if (timeUs < sum.TimeUs) finding ??= Say($"entry {version} is older than the entry before it");
        sum = new Sum(version, amount, timeUs, finding);
    }

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// The newest version of an account's entries, their sum, the newest time, and what is wrong with them.
    /// </summary>
    public readonly record struct Sum(long Count, Int128 AmountMinor, long TimeUs, string? Finding);
}
