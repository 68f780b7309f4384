using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills;

/// <summary>One movement on a customer's account, as the ledger holds it.</summary>
internal readonly record struct Movement(Guid Account, long AmountMinor, TransactionKind Kind);

/// <summary>The books of a stopped installation: accounts, and every movement by the words of its request.</summary>
internal sealed class Books
{
    private const int Page = 1_000;

    public Dictionary<Guid, AccountRow> Accounts { get; } = [];

    public Dictionary<string, List<Movement>> Movements { get; } = new(StringComparer.Ordinal);

    public List<string> BrokenBalances { get; } = [];

    /// <summary>Posted sums per currency over all accounts of all shards.</summary>
    public Dictionary<Currency, Int128> Totals { get; } = [];

    public static async Task<Books> ReadAsync(Installation installation, DrillBank bank, CancellationToken cancel)
    {
        var books = new Books();
        await using var store = await installation.OpenLedgerAsync(cancel);
        for (var shard = 0; shard < store.Map.Shards; shard++)
        {
            await using var reader = store.OpenReader(shard);
            books.BrokenBalances.AddRange(await reader.FindBrokenBalancesAsync(10, cancel));
            foreach (var (currency, posted, _) in await reader.GetTotalsAsync(cancel))
                books.Totals[currency] = books.Totals.GetValueOrDefault(currency) + posted;
            foreach (var (account, _) in bank.Accounts.Where(account => store.Map.ShardOf(account.Account) == shard))
                await books.ReadAsync(reader, account, cancel);
        }

        return books;
    }

    private async Task ReadAsync(IShardReader reader, Guid id, CancellationToken cancel)
    {
        if (await reader.GetAccountAsync(id, cancel) is not { } account) return;
        Accounts.Add(id, account);
        var before = long.MaxValue;
        while (true)
        {
            var entries = await reader.GetEntriesAsync(id, before, Page, cancel);
            foreach (var entry in entries)
            {
                var transaction = await reader.GetTransactionAsync(entry.TransactionId, cancel);
                var words = transaction is null ? $"transaction {entry.TransactionId} that is missing"
                    : transaction.Reference ?? $"transaction {transaction.Id} without a reference";
                if (!Movements.TryGetValue(words, out var movements)) Movements.Add(words, movements = []);
                movements.Add(new Movement(id, entry.AmountMinor, transaction?.Kind ?? 0));
                before = entry.Version;
            }

            if (entries.Count < Page) return;
        }
    }
}
