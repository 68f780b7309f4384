using System.Globalization;
using System.Runtime.CompilerServices;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Payments.Statements;

/// <summary>Statements from strong reads: only booked money, pages of bounded size, any length.</summary>
public sealed class AccountStatements(Func<Guid, IShardReader> readerOf, TimeProvider time)
{
    /// <summary>The frame of a statement for a period; null when there is no such account. The end is brought forward to now.</summary>
    /// <exception cref="TidelineException">InvalidInput: the period is empty or lies in the future.</exception>
    public async Task<Statement?> GetAsync(Guid accountId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var end = to < now ? to : now;
        if (from >= end) throw new TidelineException(ErrorCode.InvalidInput, "A statement's period begins before it ends, and before now.");
        var reader = readerOf(accountId);
        if (await reader.GetAccountAsync(accountId, cancel) is not { Kind: AccountKind.Customer } account) return null;
        var before = await reader.GetEntryAtAsync(accountId, Microseconds(from) - 1, cancel);
        var last = await reader.GetEntryAtAsync(accountId, Microseconds(end) - 1, cancel);
        var (firstVersion, lastVersion) = ((before?.Version ?? 0) + 1, last?.Version ?? 0);
        var id = Idempotency.Fingerprint(string.Create(CultureInfo.InvariantCulture, $"statement:{accountId}:{Microseconds(from)}:{Microseconds(end)}:{lastVersion}"));
        return new Statement(
            id, accountId, account.Iban, account.Currency, from.ToUniversalTime(), end.ToUniversalTime(), now.ToUniversalTime(), before?.PostedAfterMinor ?? 0, last?.PostedAfterMinor ?? 0, firstVersion,
            lastVersion);
    }

    /// <summary>The entries of a statement, oldest first.</summary>
    public async IAsyncEnumerable<StatementEntry> GetEntriesAsync(Statement statement, [EnumeratorCancellation] CancellationToken cancel)
    {
        var reader = readerOf(statement.AccountId);
        for (var version = statement.FirstVersion; version <= statement.LastVersion;)
        {
            // Versions have no gaps, so a page of the oldest entries is the newest page below a version.
            var count = (int)Math.Min(Limits.PageRows, statement.LastVersion - version + 1);
            var page = await reader.GetEntriesAsync(statement.AccountId, version + count, count, cancel);
            if (page.Count != count || page[^1].Version != version)
                throw new TidelineException(ErrorCode.Corrupt, $"The entries of account {statement.AccountId} from version {version} on have a gap.");
            for (var index = page.Count - 1; index >= 0; index--) yield return await DescribeAsync(reader, page[index], cancel);
            version += count;
        }
    }

    private static async ValueTask<StatementEntry> DescribeAsync(IShardReader reader, EntryRow entry, CancellationToken cancel)
    {
        var transaction = await reader.GetTransactionAsync(entry.TransactionId, cancel)
            ?? throw new TidelineException(ErrorCode.Corrupt, $"Entry {entry.Version} of account {entry.AccountId} has no transaction.");
        return new StatementEntry(
            entry.Version, entry.TransactionId, transaction.Kind, entry.AmountMinor, entry.PostedAfterMinor, DateTimeOffset.UnixEpoch.AddMicroseconds(entry.TimeUs), transaction.Reference,
            await CounterpartyAsync(reader, transaction, entry.AccountId, cancel));
    }

    // Only a customer's account is a counterparty; across shards the other leg is clearing, which is nobody.
    private static async ValueTask<Guid?> CounterpartyAsync(IShardReader reader, TransactionRow transaction, Guid accountId, CancellationToken cancel)
    {
        if (transaction.Kind is not TransactionKind.Transfer) return null;
        foreach (var leg in transaction.Legs)
        {
            if (leg.AccountId != accountId && await reader.GetAccountAsync(leg.AccountId, cancel) is { Kind: AccountKind.Customer }) return leg.AccountId;
        }

        return null;
    }

    private static long Microseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
