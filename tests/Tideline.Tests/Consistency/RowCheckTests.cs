using Tideline.Consistency;
using Tideline.Kernel;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Consistency;

/// <summary>A row that was edited past the program is named, with the event that says otherwise.</summary>
public sealed class RowCheckTests
{
    private const string Name = "I16";

    [Theory]
    [InlineData(
        "UPDATE accounts SET overdraft_limit = 900 WHERE kind = 0", "its row has overdraft limit 900, but its events")]
    [InlineData("UPDATE accounts SET status = 1 WHERE kind = 0", "its row has status frozen, but its events")]
    [InlineData("UPDATE accounts SET status = 9 WHERE kind = 0", "its row has status 9, but its events")]
    [InlineData(
        "UPDATE accounts SET customer_id = X'00000000000000000000000000000001' WHERE kind = 0", "its row has owner")]
    [InlineData(
        "UPDATE accounts SET version = version + 1 WHERE kind = 0", "its row has version 3, which no event has")]
    [InlineData(
        "UPDATE accounts SET version = version - 1 WHERE kind = 0", "its row has balance 1000, but its events")]
    [InlineData(
        "UPDATE accounts SET created_us = 1 WHERE kind = 0", "its row has time of creation 1, but its events")]
    [InlineData("UPDATE accounts SET kind = 3 WHERE kind = 0", "its row has kind Settlement")]
    [InlineData(
        "UPDATE accounts SET customer_id = X'00000000000000000000000000000001' WHERE kind = 1", "a system account")]
    [InlineData("UPDATE accounts SET overdraft_limit = 7 WHERE kind = 1", "a system account must have no")]
    [InlineData("UPDATE customers SET profile = X'7B7D'", "the profile in its row differs from the one in its event")]
    [InlineData("DELETE FROM customers", "its row is missing, but event")]
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

    [Theory]
    [InlineData("UPDATE accounts SET overdraft_limit = 900 WHERE kind = 0", "its row has overdraft limit 900")]
    [InlineData("UPDATE accounts SET customer_id = (SELECT customer_id FROM customers) WHERE kind = 0",
        "its row has owner")]
    public async Task An_edit_is_named_after_the_events_that_copied_it(string sql, string finding)
    {
        await using var bank = await Bank.OpenAsync(1);
        var account = await bank.AccountAsync(0, 1_000);
        await bank.CustomerAsync("Eve");
        var eve = "FROM customers WHERE CAST(profile AS TEXT) LIKE '%Eve%'";
        bank.Tamper(0, sql.Replace("FROM customers", eve, StringComparison.Ordinal)).ShouldBe(1);
        await bank.DepositAsync(account, 1);
        (await CheckAsync(bank)).Detail.ShouldContain(finding);
    }

    [Fact]
    public async Task A_status_changes_only_by_its_own_event()
    {
        await using var bank = await Bank.OpenAsync(1);
        var (account, hold) = (await bank.AccountAsync(0, 1_000), bank.Ledger.Map.NextOn(0, bank.Ledger.Ids));
        var until = bank.Ledger.NowUs(0) + 3_600_000_000;
        await bank.Ledger.ExecuteAsync(new PlaceHold(hold, account, new Money(10, Bank.Eur), until, null), default);
        bank.Tamper(0, "UPDATE accounts SET status = 1 WHERE kind = 0").ShouldBe(1);
        // Its event says frozen, too: it copies the row.
        var release = new ReleaseHold(hold, account, Bank.Eur, Expired: false);
        (await bank.Ledger.ExecuteAsync(release, default)).Refusal.ShouldBeNull();
        (await CheckAsync(bank)).Detail
            .ShouldContain("its row has status frozen, but its events through 0:5 have open");
    }

    [Fact]
    public async Task An_account_that_no_event_made_is_named()
    {
        await using var bank = await Bank.OpenAsync(1);
        await bank.AccountAsync(0, 1_000);
        var id = bank.Ledger.Map.NextOn(0, bank.Ledger.Ids);
        bank.Tamper(0, $"""
            INSERT INTO accounts SELECT X'{id:N}', customer_id, 0, currency, 0, 100000000, 0, 0, 0, 0, 0, NULL,
            created_us, 0, NULL FROM accounts WHERE kind = 0
            """).ShouldBe(1);
        (await CheckAsync(bank)).Detail.ShouldBe($"Account {id} on shard 0: no event created it.");
    }

    [Fact]
    public async Task Rows_of_many_groups_are_all_looked_at()
    {
        await using var bank = await Bank.OpenAsync(1);
        for (var account = 0; account < 7; account++) await bank.AccountAsync(0, account + 1);
        foreach (var size in (int[])[1, 2, 3, 100])
        {
            var (findings, seen) = await new RowCheck(bank.Ledger.Reader(0), 0, size).RunAsync(default);
            findings.ShouldBeEmpty();
            // One of the accounts is the bank's own cash.
            seen.ShouldBe("8 accounts and 7 customers");
        }

        bank.Tamper(0, "UPDATE accounts SET overdraft_limit = 900 WHERE kind = 0").ShouldBe(7);
        foreach (var size in (int[])[1, 2, 3, 100])
            (await new RowCheck(bank.Ledger.Reader(0), 0, size).RunAsync(default)).Findings.Count.ShouldBe(7);
    }

    [Fact]
    public async Task An_account_that_is_gone_with_its_money_at_zero_is_named()
    {
        await using var bank = await Bank.OpenAsync();
        var (kept, gone) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        bank.Tamper(0, $"DELETE FROM accounts WHERE account_id = X'{gone:N}'").ShouldBe(1);
        var check = await CheckAsync(bank);
        check.Detail.ShouldStartWith($"Account {gone} on shard 0: its row is missing, but event");
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
                    new Deposit(bank.Ledger.Ids.Next(), account, new Money(1, Bank.Eur), null), default);
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

    private static async Task<VerifyCheck> CheckAsync(Bank bank) =>
        (await bank.VerifyAsync()).Checks.Single(check => check.Name.StartsWith(Name, StringComparison.Ordinal));
}
