using System.Globalization;
using Tideline.Kernel;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills;

/// <summary>
/// What one client of the drill asks for, request after request, drawn from its seed: transfers within and across
/// shards, deposits, withdrawals, holds and captures, and requests that must be refused.
/// </summary>
internal sealed class OperationPlan(int client, SeededRandom random, DrillBank bank, int shards, TimeProvider time)
{
    private readonly Queue<Operation> _holds = new();
    private int _made;

    /// <summary>The next request.</summary>
    public Operation Next() => random.Below(100) switch
    {
        < 42 => Within(random.Below(shards)),
        < 62 => Across(bank.Steady),
        < 76 => Across(bank.Unsteady),
        < 83 => Movement(OperationKind.Deposit, "deposits"),
        < 88 => Movement(OperationKind.Withdrawal, "withdrawals"),
        < 92 => Hold(),
        < 95 when _holds.TryDequeue(out var hold) => Capture(hold),
        _ => Refused(),
    };

    /// <summary>Remembers a hold that was placed, to capture it later.</summary>
    public void Placed(Operation hold) => _holds.Enqueue(hold);

    private long Small() => 1 + random.Below(2_000);

    private string NextName(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{client}-{++_made}");

    private Guid Pick(Guid[] accounts) => accounts[random.Below(accounts.Length)];

    private Operation Within(int shard)
    {
        var accounts = bank.Steady[shard];
        var from = random.Below(accounts.Length);
        return Transfer(
            accounts[from], accounts[(from + 1 + random.Below(accounts.Length - 1)) % accounts.Length], Small());
    }

    private Operation Across(Guid[][] destinations)
    {
        var source = random.Below(shards);
        var target = shards == 1 ? 0 : (source + 1 + random.Below(shards - 1)) % shards;
        return Transfer(Pick(bank.Steady[source]), Pick(destinations[target]), Small());
    }

    private Operation Refused() => random.Below(3) switch
    {
        0 => Transfer(Pick(bank.Steady[0]), Pick(bank.Steady[shards - 1]), 900_000_000),
        1 => Transfer(Pick(bank.Steady[0]), random.NextGuid(), Small()),
        _ => Transfer(Pick(bank.Steady[0]), Pick(bank.Foreign[shards - 1]), Small()),
    };

    private Operation Transfer(Guid from, Guid to, long amount)
    {
        var (name, paid) = (NextName("transfer"), Amount(amount));
        return new Operation(
            OperationKind.Transfer, name, "/v1/payments/transfers",
            $$"""{"from":"{{from}}","to":"{{to}}","amount":"{{paid}}","currency":"EUR","reference":"{{name}}"}""")
        {
            From = from, To = to, AmountMinor = amount, Reference = name,
        };
    }

    private Operation Movement(OperationKind kind, string route)
    {
        var (name, account, amount) = (NextName(route), Pick(bank.Steady[random.Below(shards)]), Small());
        return new Operation(kind, name, $"/v1/accounts/{account}/{route}",
            $$"""{"amount":"{{Amount(amount)}}","currency":"EUR","reference":"{{name}}"}""")
        {
            From = kind == OperationKind.Withdrawal ? account : default,
            To = kind == OperationKind.Deposit ? account : default, AmountMinor = amount, Reference = name,
        };
    }

    private Operation Hold()
    {
        var (name, account, amount) = (NextName("hold"), Pick(bank.Steady[random.Below(shards)]), Small());
        // Half of them expire during the drill.
        var expires = time.GetUtcNow().AddSeconds(random.Percent(50) ? 3 : 3_600)
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new Operation(
            OperationKind.Hold, name, $"/v1/accounts/{account}/holds",
            $$"""{"amount":"{{Amount(amount)}}","currency":"EUR","expiresAt":"{{expires}}","reference":"{{name}}"}""")
        {
            From = account, AmountMinor = amount, Reference = name,
        };
    }

    private Operation Capture(Operation hold) => new(
        OperationKind.Capture, NextName("capture"), $"/v1/holds/{hold.HoldId}/capture", """{"final":true}""")
    {
        From = hold.From, AmountMinor = hold.AmountMinor, Reference = hold.Reference,
    };

    private static string Amount(long minor) => new Money(minor, Currency.Parse("EUR")).ToDecimalString();
}
