using System.Globalization;
using System.Runtime.CompilerServices;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Payments.Statements;

/// <summary>
/// Statements from strong reads: only booked money, pages of bounded size, any length. A statement never changes, and a
/// statement that begins where another ends misses nothing: when a period is read, no later commit can fall within it.
/// </summary>
public sealed class AccountStatements(GeneralLedger ledger)
{
    /// <summary>
    /// The frame of a statement for a period; null if there is no such account. An end in the future becomes now.
    /// </summary>
    /// <param name="accountId">The account.</param>
    /// <param name="from">The beginning, inclusive; truncated to microseconds.</param>
    /// <param name="to">The end, exclusive; null: now, including everything committed.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="TidelineException">
    /// InvalidInput: the period is empty or in the future. As <see cref="GeneralLedger.FenceAsync"/>.
    /// </exception>
    public async Task<Statement?> GetAsync(
        Guid accountId, DateTimeOffset from, DateTimeOffset? to, CancellationToken cancel)
    {
        var (shard, reader) = (ledger.Map.ShardOf(accountId), ledger.ReaderOf(accountId));
        if (await reader.GetAccountAsync(accountId, cancel) is not { Kind: AccountKind.Customer } account) return null;
        var (fromUs, toUs) = (from.ToUs(), to?.ToUs() ?? long.MaxValue);
        // The newest commit of another owner may be later than this process's clock.
        if (toUs > ledger.NowUs(shard)) await ledger.LookAsync(shard, cancel);
        var nowUs = ledger.NowUs(shard);
        toUs = Math.Min(toUs, nowUs);
        if (fromUs >= toUs)
            throw new TidelineException(ErrorCode.InvalidInput,
                "A statement must begin before it ends and before now.");
        await ledger.FenceAsync(shard, toUs - 1, cancel);
        var before = await reader.GetEntryAtAsync(accountId, fromUs - 1, cancel);
        var last = await reader.GetEntryAtAsync(accountId, toUs - 1, cancel);
        var (firstVersion, lastVersion) = ((before?.Version ?? 0) + 1, last?.Version ?? 0);
        var name = string.Create(CultureInfo.InvariantCulture, $"statement:{accountId}:{fromUs}:{toUs}:{lastVersion}");
        return new Statement(
            Idempotency.Fingerprint(name), accountId, account.Iban, account.Currency,
            Clock.FromUs(fromUs), Clock.FromUs(toUs), Clock.FromUs(nowUs),
            before?.PostedAfterMinor ?? 0, last?.PostedAfterMinor ?? 0, firstVersion, lastVersion);
    }

    /// <summary>The entries of a statement, oldest first.</summary>
    public async IAsyncEnumerable<StatementEntry> GetEntriesAsync(
        Statement statement, [EnumeratorCancellation] CancellationToken cancel)
    {
        var reader = ledger.ReaderOf(statement.AccountId);
        for (var version = statement.FirstVersion; version <= statement.LastVersion;)
        {
            // Versions have no gaps, so a page of the oldest entries is the newest page below a version.
            var count = (int)Math.Min(Limits.PageRows, statement.LastVersion - version + 1);
            var page = await reader.GetEntriesAsync(statement.AccountId, version + count, count, cancel);
            if (page.Count != count || page[^1].Version != version)
                throw new TidelineException(ErrorCode.Corrupt,
                    $"The entries of account {statement.AccountId} have a gap from version {version} on.");
            for (var index = page.Count - 1; index >= 0; index--)
                yield return await DescribeAsync(reader, page[index], cancel);
            version += count;
        }
    }

    private static async ValueTask<StatementEntry> DescribeAsync(
        IShardReader reader, EntryRow entry, CancellationToken cancel)
    {
        var transaction = await reader.GetTransactionAsync(entry.TransactionId, cancel)
            ?? throw new TidelineException(
                ErrorCode.Corrupt, $"Entry {entry.Version} of account {entry.AccountId} has no transaction.");
        return new StatementEntry(
            entry.Version, entry.TransactionId, transaction.Kind, entry.AmountMinor,
            entry.PostedAfterMinor, DateTimeOffset.UnixEpoch.AddMicroseconds(entry.TimeUs), transaction.Reference,
            transaction.CounterpartyOf(entry.AccountId), transaction.Details);
    }
}
