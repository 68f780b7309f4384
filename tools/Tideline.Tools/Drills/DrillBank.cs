using Tideline.Kernel;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills;

/// <summary>
/// The accounts of a drill, drawn from its seed: steady ones, unsteady ones (frozen and opened all the time, so that
/// credits are refused half-way and sagas compensate) and some in another currency.
/// </summary>
internal sealed class DrillBank
{
    private const int Customers = 24, SteadyPerShard = 48, UnsteadyPerShard = 4, ForeignPerShard = 2;
    private const long FundsMinor = 1_000_000;
    private readonly List<(Guid Customer, Guid Account, string Currency)> _opened = [];
    private readonly Guid[] _customers;

    public DrillBank(SeededRandom random, int shards)
    {
        var map = new ShardMap(shards);
        _customers = [.. Enumerable.Range(0, Customers).Select(_ => random.NextGuid())];
        Steady = Draw(random, map, SteadyPerShard, "EUR");
        Unsteady = Draw(random, map, UnsteadyPerShard, "EUR");
        Foreign = Draw(random, map, ForeignPerShard, "USD");
    }

    /// <summary>By shard.</summary>
    public Guid[][] Steady { get; }

    /// <summary>By shard.</summary>
    public Guid[][] Unsteady { get; }

    /// <summary>By shard.</summary>
    public Guid[][] Foreign { get; }

    /// <summary>Every account with its currency.</summary>
    public IEnumerable<(Guid Account, string Currency)> Accounts =>
        _opened.Select(account => (account.Account, account.Currency));

    /// <summary>Makes the customers and the accounts.</summary>
    /// <exception cref="InvalidDataException">The program refused one.</exception>
    public async Task OpenAsync(HttpConnection connection, CancellationToken cancel)
    {
        for (var index = 0; index < _customers.Length; index++)
        {
            await ExpectAsync(connection, "/v1/customers", $"customer-{index}",
                $$"""{"customerId":"{{_customers[index]}}","name":"Customer {{index}}","email":"customer{{index}}@example.com","country":"DE"}""", cancel);
        }

        foreach (var (customer, account, currency) in _opened)
            await ExpectAsync(connection, "/v1/accounts", $"account-{account}",
                $$"""{"accountId":"{{account}}","customerId":"{{customer}}","currency":"{{currency}}"}""", cancel);
    }

    /// <summary>The deposits that fund the accounts; they are part of what is proved.</summary>
    public IEnumerable<Operation> Funding() => _opened.Select(account => new Operation(
        OperationKind.Deposit, $"fund-{account.Account}", $"/v1/accounts/{account.Account}/deposits",
        $$"""{"amount":"{{new Money(FundsMinor, Currency.Parse(account.Currency)).ToDecimalString()}}","currency":"{{account.Currency}}","reference":"fund-{{account.Account}}"}""")
    {
        To = account.Account, AmountMinor = FundsMinor, Reference = $"fund-{account.Account}",
    });

    private static async Task ExpectAsync(
        HttpConnection connection, string path, string key, string body, CancellationToken cancel)
    {
        var answer = await connection.PostAsync(path, key, body, cancel);
        if (answer.Status != 201) throw new IOException(
            $"The drill's own set-up was refused: {path} answered {answer.Status}: {answer.Text}");
    }

    private Guid[][] Draw(SeededRandom random, ShardMap map, int perShard, string currency)
    {
        var drawn = new Guid[map.Shards][];
        for (var shard = 0; shard < map.Shards; shard++)
        {
            drawn[shard] = new Guid[perShard];
            for (var index = 0; index < perShard; index++)
            {
                do drawn[shard][index] = random.NextGuid();
                while (map.ShardOf(drawn[shard][index]) != shard);
                _opened.Add((_customers[random.Below(_customers.Length)], drawn[shard][index], currency));
            }
        }

        return drawn;
    }
}
