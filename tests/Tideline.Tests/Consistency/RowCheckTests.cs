using Tideline.Kernel;
using Tideline.Ledger.Commands;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Consistency;

/// <summary>A row that was edited past the program is named, with the event that says otherwise.</summary>
public sealed class RowCheckTests
{
    private const string Name = "I16";

    [Theory]
    [InlineData(
        "UPDATE accounts SET overdraft_limit = 900 WHERE kind = 0", "its row says overdraft limit 900, and event")]
    [InlineData("UPDATE accounts SET status = 1 WHERE kind = 0", "its row says status frozen, and event")]
    [InlineData("UPDATE accounts SET status = 9 WHERE kind = 0", "its row says status 9, and event")]
    [InlineData(
        "UPDATE accounts SET customer_id = X'00000000000000000000000000000001' WHERE kind = 0", "its row says owner")]
    [InlineData(
        "UPDATE accounts SET version = version + 1 WHERE kind = 0", "its row is of version 3, which no event has")]
    [InlineData("UPDATE accounts SET version = version - 1 WHERE kind = 0", "its row says balance 1000, and event")]
    [InlineData("UPDATE accounts SET created_us = 1 WHERE kind = 0", "its row says time of creation 1, and event")]
    [InlineData("UPDATE customers SET email = 'eve@example.com'", "its row says email eve@example.com, and event")]
    [InlineData("DELETE FROM customers", "its row is missing, and event")]
    public async Task A_row_that_was_edited_is_named(string sql, string finding)
    {
        await using var bank = await Bank.OpenAsync();
        await bank.AccountAsync(0, 1_000);
        (await CheckAsync(bank)).Ok.ShouldBeTrue();
        // A customer lives where its own id says.
        (bank.Tamper(0, sql) + (sql.Contains("customers", StringComparison.Ordinal) ? bank.Tamper(1, sql) : 0))
            .ShouldBeGreaterThan(0);
        var check = await CheckAsync(bank);
        check.Ok.ShouldBeFalse();
        check.Detail.ShouldContain(finding);
    }

    [Fact]
    public async Task An_account_that_is_gone_with_its_money_at_zero_is_named()
    {
        await using var bank = await Bank.OpenAsync();
        var (kept, gone) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        bank.Tamper(0, $"DELETE FROM accounts WHERE id = X'{gone:N}'").ShouldBe(1);
        var check = await CheckAsync(bank);
        check.Detail.ShouldStartWith($"Account {gone} on shard 0: its row is missing, and event");
        check.Detail.ShouldNotContain(kept.ToString());
    }

    [Fact]
    public async Task Nothing_is_named_while_rows_move()
    {
        await using var bank = await Bank.OpenAsync();
        var account = await bank.AccountAsync(0, 1_000);
        using var stop = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await bank.Ledger.ExecuteAsync(
                    new Deposit(bank.Ledger.Ids.Next(), account, new Money(1, Currency.Parse("EUR")), null), default);
                await bank.AccountAsync(0, 1);
            }
        });
        for (var round = 0; round < 20; round++)
        {
            var check = await CheckAsync(bank);
            check.Ok.ShouldBeTrue(check.Detail);
        }

        await stop.CancelAsync();
        await load;
    }

    private static async Task<Tideline.Consistency.VerifyCheck> CheckAsync(Bank bank) =>
        (await bank.VerifyAsync()).Checks.Single(check => check.Name.StartsWith(Name, StringComparison.Ordinal));
}
