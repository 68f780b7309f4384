using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Tools.Load;

/// <summary>Funded accounts of an installation, by shard, with the draws that transfers need.</summary>
internal sealed class AccountSet
{
    /// <summary>Accounts of one customer.</summary>
    public const int AccountsPerCustomer = 4;

    private const int InFlight = 8_192;

    private AccountSet(Guid[][] byShard) => ByShard = byShard;

    public static Currency Currency { get; } = Currency.Parse("EUR");

    public Guid[][] ByShard { get; }

    /// <summary>The customer of each account; filled by those who open them for reading views.</summary>
    public Dictionary<Guid, Guid> Owners { get; } = [];

    /// <summary>Account ids with the shards they live on, drawn from a seed; nothing is stored.</summary>
    public static AccountSet Draw(int count, int shards, SeededRandom random)
    {
        var map = new ShardMap(shards);
        var lists = Enumerable.Range(0, shards).Select(_ => new List<Guid>(count / shards + 16)).ToArray();
        for (var index = 0; index < count; index++)
        {
            var id = random.NextGuid();
            lists[map.ShardOf(id)].Add(id);
        }

        return new AccountSet([.. lists.Select(list => list.ToArray())]);
    }

    /// <summary>Opens and funds them in the ledger, thousands in flight; customers hold a few accounts each.</summary>
    public static async Task<AccountSet> LoadAsync(
        GeneralLedger ledger, int count, SeededRandom random, CancellationToken cancel)
    {
        var set = Draw(count, ledger.Map.Shards, random);
        var accounts = set.ByShard.SelectMany(shard => shard).ToArray();
        var customers = Enumerable.Range(0, (count + AccountsPerCustomer - 1) / AccountsPerCustomer)
            .Select(_ => random.NextGuid()).ToArray();
        await AllAsync(ledger, customers.Length, index =>
            new CreateCustomer(customers[index], $"Customer {index}", $"customer{index}@example.com", "DE"), cancel);
        await AllAsync(ledger, count, index =>
            new OpenAccount(accounts[index], customers[index / AccountsPerCustomer], Currency, 0, null), cancel);
        await AllAsync(ledger, count,
            index => new Deposit(ledger.Ids.Next(), accounts[index], new Money(100_000_000, Currency), null), cancel);
        return set;
    }

    /// <summary>Two accounts of one shard.</summary>
    public (Guid From, Guid To) SameShardPair(SeededRandom random)
    {
        var shard = ByShard[random.Below(ByShard.Length)];
        var from = random.Below(shard.Length);
        return (shard[from], shard[(from + 1 + random.Below(shard.Length - 1)) % shard.Length]);
    }

    /// <summary>Two accounts of different shards.</summary>
    public (Guid From, Guid To) CrossShardPair(SeededRandom random)
    {
        var from = random.Below(ByShard.Length);
        var to = (from + 1 + random.Below(ByShard.Length - 1)) % ByShard.Length;
        return (ByShard[from][random.Below(ByShard[from].Length)], ByShard[to][random.Below(ByShard[to].Length)]);
    }

    private static async Task AllAsync(
        GeneralLedger ledger, int count, Func<int, LedgerCommand> make, CancellationToken cancel)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(InFlight, count)).Select(_ => WorkAsync()));

        async Task WorkAsync()
        {
            int index;
            while ((index = Interlocked.Increment(ref next)) < count)
            {
                var reply = await ledger.ExecuteAsync(make(index), cancel);
                if (reply.Refusal is { } refusal)
                    throw new TidelineException(ErrorCode.Internal, $"Loading was refused: {refusal.Detail}");
            }
        }
    }
}
