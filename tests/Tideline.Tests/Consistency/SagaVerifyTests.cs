using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Sagas;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;
using Tideline.Tests.Sagas;

namespace Tideline.Tests.Consistency;

/// <summary>
/// Each way to lose money between shards is planted here, and the checks must name it; none may be named while traffic
/// runs.
/// </summary>
public sealed class SagaVerifyTests
{
    private const string Complete =
        """
        UPDATE aggregates SET state = 'completed', at_rest = 1, wake_us = NULL,
            data = CAST(replace(CAST(data AS TEXT), '"step":1,', '"step":2,') AS BLOB) WHERE state = 'running'
        """;

    private const string Compensate =
        """
        UPDATE aggregates SET state = 'compensated', at_rest = 0,
            data = CAST(replace(CAST(data AS TEXT), '"step":2,', '"step":0,') AS BLOB) WHERE state = 'completed'
        """;

    // The transfer within shard 0, which is a transaction of its own.
    private const string Within = "WHERE kind = 1 AND amount = 30";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ErrorCode.StorageUnavailable)]
    [InlineData(ErrorCode.Corrupt)]
    public async Task A_shard_that_cannot_be_read_is_named_by_every_check_and_hides_no_other(ErrorCode code)
    {
        FaultyStore faults = null!;
        await using var bank = await Bank.OpenAsync(wrap: store => faults = new FaultyStore(store));
        await bank.StartAsync(await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1), 100);
        faults.BeforeRead = (shard, _) => shard == 1 ? throw new TidelineException(code, "It is away.") : null;
        var checks = (await bank.VerifyAsync()).Checks;
        faults.BeforeRead = null;
        checks.ShouldAllBe(check => !check.Ok);
        checks.ShouldAllBe(check => check.Detail.Contains("Shard 1 ") && check.Detail.Contains("It is away."));
        checks.ShouldAllBe(check => !check.Detail.Contains("Shard 0 cannot"));
    }

    [Theory]
    // Money that vanished: the saga says that it is done, its credit never was.
    [InlineData(Complete, "I13", "is completed, but step credit-destination of 100 EUR")]
    [InlineData(
        Complete, "I12",
        "Shard 0: 100 EUR minor units are on clearing for its sagas, but its unfinished sagas have 0 in transit")]
    // Stuck on clearing: no saga knows of it any more.
    [InlineData(
        "DELETE FROM aggregates WHERE state = 'running'", "I12",
        "Shard 0: 100 EUR minor units are on clearing for its sagas, but its unfinished sagas have 0 in transit")]
    [InlineData("DELETE FROM aggregates WHERE state = 'running'", "I13", "as done, but it does not exist there")]
    [InlineData(
        "DELETE FROM aggregates WHERE state = 'running'", "I2",
        "100 may come back to it, but what is under way adds up to 0")]
    // A refund to nowhere: the saga says that its money went back.
    [InlineData(
        "UPDATE aggregates SET state = 'compensated' WHERE state = 'suspended'", "I13",
        "is compensated, but the compensation of step debit-source of 250 EUR")]
    [InlineData(
        "UPDATE aggregates SET state = 'compensated' WHERE state = 'suspended'", "I2",
        "suspense holds 250, but claims on it add up to 0")]
    [InlineData(
        "UPDATE aggregates SET state = 'paid-out' WHERE state = 'suspended'", "I13",
        "is paid-out, but the payout of 250 EUR")]
    // Credited, and still said to be undone.
    [InlineData(Compensate, "I13", "the compensation of step debit-source")]
    // Completed without entries, within a shard.
    [InlineData($"DELETE FROM transactions {Within}", "I13", "as done, but it does not exist there")]
    [InlineData($"UPDATE transactions SET amount = amount + 1 {Within}", "I13", "is completed, but entry")]
    [InlineData(
        "UPDATE accounts SET returnable = returnable + 1 WHERE returnable > 0", "I2",
        "101 may come back to it, but what is under way adds up to 100")]
    [InlineData(
        "UPDATE accounts SET pending_out = pending_out + 1 WHERE pending_out > 0", "I2",
        "held is 41, but its open holds add up to 40")]
    [InlineData("UPDATE holds SET captured = 1", "I2", "held is 40, but its open holds add up to 39")]
    [InlineData(
        "DELETE FROM transactions WHERE transaction_id IN "
            + "(SELECT aggregate_id FROM aggregates WHERE state = 'completed')",
        "I13",
        "is completed, but step debit-source of -70 EUR")]
    public async Task A_planted_fault_is_named(string sql, string invariant, string finding)
    {
        await using var bank = await StageAsync();
        (await bank.VerifyAsync()).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        bank.Tamper(0, sql).ShouldBeGreaterThan(0);
        var check = (await bank.VerifyAsync()).Checks.Single(one =>
            one.Name.StartsWith(invariant + " ", StringComparison.Ordinal));
        check.Ok.ShouldBeFalse();
        check.Detail.ShouldContain(finding);
    }

    [Fact]
    public async Task A_credit_that_is_gone_from_its_own_shard_is_named()
    {
        await using var bank = await StageAsync();
        bank.Tamper(1, "DELETE FROM transactions WHERE kind = 1").ShouldBeGreaterThan(0);
        var report = await bank.VerifyAsync();
        Detail(report, "I13").ShouldContain("is completed, but step credit-destination of 70 EUR");
    }

    // The second saga under an id that was used before: its payer was debited, and nobody credited.
    [Fact]
    public async Task A_transfer_whose_credit_is_that_of_another_one_is_named()
    {
        await using var bank = await StageAsync();
        var settled = (await bank.Ledger.Reader(0).GetSagasAsync(SagaState.Completed, Guid.Empty, 10, Cancel))
            .ShouldHaveSingleItem();
        var other = await bank.AccountAsync(1);
        var json = System.Text.Encoding.UTF8.GetString(settled.Data);
        var to = System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("to").GetGuid();
        bank.Tamper(
            0, $"UPDATE aggregates SET data = CAST(replace(CAST(data AS TEXT), '{to}', '{other}') AS BLOB) "
            + $"WHERE aggregate_id = X'{settled.Id:N}'").ShouldBe(1);
        Detail(await bank.VerifyAsync(), "I13").ShouldContain($"does not move 70 EUR of account {other}");
    }

    [Fact]
    public async Task Two_holds_with_one_id_are_named()
    {
        await using var bank = await StageAsync();
        var hold = (await bank.Ledger.Reader(0).GetHoldIdsAsync(Guid.Empty, 10, Cancel)).ShouldHaveSingleItem();
        bank.Tamper(
                1,
                $"INSERT INTO holds VALUES (X'{hold:N}', X'{Guid.AllBitsSet:N}', 5, 0, 2, 1, NULL, 1)")
            .ShouldBe(1);
        Detail(await bank.VerifyAsync(), "I14")
            .ShouldBe($"Hold {hold} is on shard 0 and on shard 1: one id names two holds.");
    }

    [Fact]
    public async Task A_saga_that_cannot_be_read_is_named()
    {
        await using var bank = await StageAsync();
        bank.Tamper(0, "UPDATE aggregates SET data = X'7B' WHERE state = 'running'").ShouldBe(1);
        var report = await bank.VerifyAsync();
        Detail(report, "I2").ShouldContain("cannot be read");
        Detail(report, "I13").ShouldContain("is running, but it cannot be read");
    }

    [Fact]
    public async Task Nothing_is_named_while_transfers_across_shards_settle_and_come_back()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
        await using (
            var node = await TidelineNode.StartAsync(new NodeOptions { DataDirectory = folder, Shards = 3 }, Cancel))
        {
            var accounts = await AccountsAsync(node);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var traffic = Enumerable
                .Range(0, 8)
                .Select(lane => Task.Run(() => PayAsync(node, accounts, lane, stop.Token), Cancel))
                .ToList();
            for (var round = 0; round < 4; round++)
            {
                var before = node.Ledger.CommittedHead(0).EventSeq;
                while (node.Ledger.CommittedHead(0).EventSeq < before + 40)
                    await Task.Delay(5, Cancel);
                (await node.Verifier.VerifyAsync(deep: round % 2 == 1, Cancel))
                    .Checks.Where(check => !check.Ok)
                    .ShouldBeEmpty();
            }

            await stop.CancelAsync();
            (await Task.WhenAll(traffic)).Sum().ShouldBeGreaterThan(0);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static string Detail(Tideline.Consistency.VerifyReport report, string invariant)
    {
        var check = report.Checks.Single(one => one.Name.StartsWith(invariant + " ", StringComparison.Ordinal));
        check.Ok.ShouldBeFalse();
        return check.Detail;
    }

    // One of each: settled within a shard and across, on suspense, under way, and a hold.
    private static async Task<Bank> StageAsync()
    {
        var bank = await Bank.OpenAsync();
        var (from, near, to) = (
            await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0), await bank.AccountAsync(1));
        (await bank.Payments.TransferAsync(bank.Transfer(from, near, 30), Cancel)).Status.ShouldBe(
            TransferStatus.Settled);
        await bank.StartAsync(from, to, 70);
        await bank.Pump.RunAsync();
        await bank.SuspendAsync();
        var hold = new PlaceHold(
            bank.Ledger.Ids.Next(), near, new Money(40, Bank.Eur), bank.Time.NowUs() + 60_000_000, null);
        (await bank.DepositAsync(near, 100)).Refusal.ShouldBeNull();
        (await bank.Ledger.ExecuteAsync(hold, Cancel)).Refusal.ShouldBeNull();
        await bank.StartAsync(from, to, 100);
        await bank.AccountAsync(1, 5);
        return bank;
    }

    private static async Task<List<Guid>> AccountsAsync(TidelineNode node)
    {
        var accounts = new List<Guid>();
        var customer = await node.Ledger.ExecuteAsync(
            new CreateCustomer(node.Ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), Cancel);
        for (var number = 0; number < 9; number++)
        {
            var id = node.Ledger.Map.NextOn(number % 3, node.Ledger.Ids);
            await node.Ledger.ExecuteAsync(new OpenAccount(id, customer.Subject, Bank.Eur, 0, null), Cancel);
            await node.Ledger.ExecuteAsync(
                new Deposit(node.Ledger.Ids.Next(), id, new Money(1_000_000, Bank.Eur), null), Cancel);
            accounts.Add(id);
        }

        return accounts;
    }

    // The last account is frozen and opened again all the time, so that some transfers come back.
    private static async Task<int> PayAsync(TidelineNode node, List<Guid> accounts, int lane, CancellationToken stop)
    {
        var done = 0;
        for (var turn = lane; !stop.IsCancellationRequested; turn++, done++)
        {
            if (lane == 0)
                await node.Ledger.ExecuteAsync(
                    new SetAccountStatus(accounts[^1], turn % 2 == 0 ? AccountStatus.Frozen : AccountStatus.Open),
                    default);
            var request = new TransferRequest(
                accounts[turn % 8], accounts[(turn + 1 + lane) % 9 == turn % 8 ? 8 : (turn + 1 + lane) % 9],
                new Money(3, Bank.Eur), null, Idempotency.Key("", node.Ledger.Ids.Next().ToString()),
                Idempotency.Fingerprint("x"));
            await node.Services.Of<PaymentsService>().Transfers.TransferAsync(request, default);
        }

        return done;
    }
}
