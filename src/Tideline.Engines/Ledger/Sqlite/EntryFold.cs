using System.Globalization;
using System.Runtime.InteropServices;
using Tideline.Engines.Sqlite;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// The entries of a range of accounts added up, in the order in which they were written: one pass over all entries, and what stands in memory is one sum an
/// account.
/// </summary>
internal sealed class EntryFold
{
    private readonly Dictionary<Guid, Sum> _sums = [];

    /// <summary>Accounts that have entries, in order.</summary>
    public IEnumerable<Guid> Accounts => _sums.Keys.Order();

    /// <summary>What the entries of an account add up to; empty when it has none.</summary>
    public Sum Of(Guid account) => _sums.GetValueOrDefault(account, new Sum(0, 0, long.MinValue, null));

    /// <summary>Reads the entries of accounts after <paramref name="after"/> up to <paramref name="through"/>; null: without bound.</summary>
    public static EntryFold Read(SqliteDatabase database, Guid? after, Guid? through, CancellationToken cancel)
    {
        var fold = new EntryFold();
        var entries = database.Prepare("SELECT account_id, version, amount, posted_after, time_us FROM entries ORDER BY row");
        try
        {
            while (entries.Step())
            {
                cancel.ThrowIfCancellationRequested();
                var account = entries.Id(0);
                if ((after is null || account > after) && (through is null || account <= through)) fold.Add(account, entries);
            }

            return fold;
        }
        finally
        {
            entries.Reset();
        }
    }

    private void Add(Guid account, SqliteStatement entry)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, account, out var known);
        if (!known) sum = new Sum(0, 0, long.MinValue, null);
        var (version, after, timeUs) = (entry.Long(1), entry.Long(3), entry.Long(4));
        var (count, amount, finding) = (sum.Count + 1, sum.AmountMinor + entry.Long(2), sum.Finding);
        if (version != count) finding ??= Say($"entry {version} stands where entry {count} should");
        if (after != amount) finding ??= Say($"entry {version} says {after} after it, but its entries add up to {amount}");
        if (timeUs < sum.TimeUs) finding ??= Say($"entry {version} is older than the entry before it");
        sum = new Sum(version, amount, timeUs, finding);
    }

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);

    /// <summary>The newest version of an account's entries, their sum, the newest time, and what is wrong with them.</summary>
    public readonly record struct Sum(long Count, Int128 AmountMinor, long TimeUs, string? Finding);
}
