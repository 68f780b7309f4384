using System.Net;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Gateway;

/// <summary>A transfer that its client knows by its key alone.</summary>
public sealed class TransferByKeyTests
{
    private const string Transfers = "/v1/payments/transfers";

    [Fact]
    public async Task A_settled_transfer_is_found_on_whichever_shards_key_and_accounts_are()
    {
        await using var server = await GatewayServer.StartAsync();
        var payers = new[] { await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(1, 10_000) };
        var payees = new[] { await server.Bank.AccountAsync(0), await server.Bank.AccountAsync(1) };
        for (var number = 0; number < 12; number++)
        {
            var (from, to) = (payers[number % 2], payees[number / 2 % 2]);
            var made = await server.PostAsync(Transfers, Transfer(from, to), $"key {number}");
            var found = await server.GetAsync($"{Transfers}?idempotencyKey=key%20{number}");
            found.Status.ShouldBe(HttpStatusCode.OK, found.Text);
            found["transferId"].ShouldBe(made["transferId"]);
            (found["status"], found["from"], found["amount"]).ShouldBe(("settled", from.ToString(), "1.00"));
            (await server.GetAsync($"{Transfers}/{made["transferId"]}"))["status"].ShouldBe("settled");
        }
    }

    [Fact]
    public async Task A_transfer_that_was_refused_at_once_is_found_with_its_reason()
    {
        await using var server = await GatewayServer.StartAsync();
        Guid[] poor = [await server.Bank.AccountAsync(0), await server.Bank.AccountAsync(1)];
        for (var number = 0; number < 8; number++)
        {
            var body = Transfer(poor[number % 2], poor[1 - number % 2]);
            (await server.PostAsync(Transfers, body, $"refused-{number}")).ShouldBeProblem("insufficient-funds", 422);
            var found = await server.GetAsync($"{Transfers}?idempotencyKey=refused-{number}");
            (found.Status, found["status"]).ShouldBe((HttpStatusCode.OK, "refused"));
            found.Json.GetProperty("problem").GetProperty("type").GetString().ShouldEndWith("insufficient-funds");
            found.Json.TryGetProperty("transferId", out _).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_running_transfer_and_one_that_was_undone_are_found()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var request = bank.Transfer(from, to, 250);
        var transfer = bank.Payments.TransferAsync(request, default);
        // Its message waits: nobody carries it yet.
        while (await bank.Payments.FindAsync(request.Key, default) is null) await Task.Delay(5);
        (await bank.Payments.FindAsync(request.Key, default))!.Details!.Status.ShouldBe(TransferStatus.Running);
        var frozen = await bank.Ledger.ExecuteAsync(new SetAccountStatus(to, AccountStatus.Frozen), default);
        frozen.Refusal.ShouldBeNull();
        while (!transfer.IsCompleted) await bank.Pump.RunAsync();
        await bank.Pump.RunAsync();
        var undone = (await bank.Payments.FindAsync(request.Key, default))!;
        undone.Details!.Status.ShouldBe(TransferStatus.Refused);
        undone.Details.TransferId.ShouldBe((await transfer).TransferId);
        undone.Refusal!.Reason.ShouldBe(RefusalReason.AccountFrozen);
    }

    [Fact]
    public async Task A_key_that_made_no_transfer_finds_none()
    {
        await using var server = await GatewayServer.StartAsync();
        var accounts = new[] { await server.Bank.AccountAsync(0, 100), await server.Bank.AccountAsync(1, 100) };
        for (var number = 0; number < 8; number++)
        {
            var account = $"/v1/accounts/{accounts[number % 2]}";
            var deposit = await server.PostAsync($"{account}/deposits", Amount("1.00"), $"deposit-{number}");
            deposit.Status.ShouldBe(HttpStatusCode.Created);
            var refused = await server.PostAsync($"{account}/withdrawals", Amount("9999.00"), $"refused-{number}");
            refused.ShouldBeProblem("insufficient-funds", 422);
            foreach (var key in (string[])[$"deposit-{number}", $"refused-{number}", $"unused-{number}"])
            {
                var found = await server.GetAsync($"{Transfers}?idempotencyKey={key}");
                found.ShouldBeProblem("transfer-not-found", 404);
            }
        }

        (await server.GetAsync(Transfers)).ShouldBeProblem("invalid-query", 400, "idempotencyKey");
        (await server.GetAsync($"{Transfers}?key=x")).ShouldBeProblem("invalid-query", 400, "key");
    }

    private static string Amount(string amount) => $$"""{"amount":"{{amount}}","currency":"EUR"}""";

    private static string Transfer(Guid from, Guid to) =>
        $$"""{"from":"{{from}}","to":"{{to}}","amount":"1.00","currency":"EUR"}""";
}
