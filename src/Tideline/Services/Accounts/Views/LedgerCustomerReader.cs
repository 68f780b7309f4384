using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// Composes a customer from the strong tier, in the shape of the view. It reads the entries of the window, so it costs
/// more than a view read, in proportion to the customer's activity.
/// </summary>
internal sealed class LedgerCustomerReader(GeneralLedger ledger, TimeProvider time)
{
    public async Task<CustomerDocument?> ReadAsync(Guid id, CancellationToken cancel)
    {
        if (await ledger.ReaderOf(id).GetCustomerAsync(id, cancel) is not { } customer) return null;
        var accounts = new List<AccountRow>();
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
            accounts.AddRange(
                await ledger.Reader(shard).GetAccountsOfCustomerAsync(id, AccountLimits.CustomerAccounts, cancel));
        accounts.Sort((left, right) => left.Id.CompareTo(right.Id));
        var clock = new SortedList<Guid, long> { [customer.Id] = customer.Version };
        foreach (var account in accounts) clock[account.Id] = account.Version;
        var document = new CustomerDocument
        {
            CustomerId = id,
            Accounts = [.. accounts.Select(View)],
            Clock = clock,
        };
        return await WithActivityAsync(document.WithProfile(customer.Profile.Data), accounts, cancel);
    }

    private static AccountView View(AccountRow row) => new(
        row.Id, row.Iban, row.Currency.Code, row.Status.Word(),
        row.PostedMinor, row.PendingOutMinor, row.OverdraftLimitMinor, row.AvailableMinor, row.Version);

    private async Task<CustomerDocument> WithActivityAsync(
        CustomerDocument document, List<AccountRow> accounts, CancellationToken cancel)
    {
        var first = Activity.FirstDay(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        var days = Array.Empty<ActivityDay>();
        var newest = new List<(EntryRow Entry, AccountRow Account)>();
        foreach (var account in accounts)
        {
            var (read, isInWindow, before) = (0, true, long.MaxValue);
            while (isInWindow || read < AccountLimits.RecentTransactions)
            {
                var entries = await ledger.ReaderOf(account.Id)
                    .GetEntriesAsync(account.Id, before, Limits.PageRows, cancel);
                if (entries.Count == 0) break;
                foreach (var entry in entries)
                {
                    var day = DateOnly.FromDateTime(Clock.FromUs(entry.TimeUs).UtcDateTime);
                    if (day >= first) days = Activity.Add(days, day, account.Currency.Code, entry.AmountMinor);
                    else isInWindow = false;
                    if (read++ < AccountLimits.RecentTransactions) newest.Add((entry, account));
                }

                before = entries[^1].Version;
            }
        }

        var recent = await RecentAsync(newest, cancel);
        return CustomerFold.WithDays(document with { Transactions = new CustomerActivity { Recent = recent } }, days);
    }

    private async Task<RecentTransaction[]> RecentAsync(
        List<(EntryRow Entry, AccountRow Account)> newest, CancellationToken cancel)
    {
        var recent = Array.Empty<RecentTransaction>();
        // Newest first, so that only the transactions that remain in the list are read.
        foreach (var (entry, account) in newest.OrderByDescending(each => each.Entry.TimeUs))
        {
            if (recent.Length == AccountLimits.RecentTransactions && entry.TimeUs < recent[^1].BookedAtUs) break;
            var transaction = await ledger.ReaderOf(account.Id).GetTransactionAsync(entry.TransactionId, cancel);
            recent = Activity.Add(recent, new RecentTransaction(
                entry.TransactionId, account.Id, transaction?.Kind.Word() ?? "",
                entry.AmountMinor, account.Currency.Code, entry.PostedAfterMinor, entry.TimeUs,
                transaction?.CounterpartyOf(account.Id),
                transaction?.Reference));
        }

        return recent;
    }
}
