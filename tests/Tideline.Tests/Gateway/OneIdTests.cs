using Tideline.Services.Accounts;
namespace Tideline.Tests.Gateway;

/// <summary>Ids at the door: effects get theirs from the program, customers and accounts may bring one.</summary>
public sealed class OneIdTests
{
    private const string Ada = "0197a1b2-0000-7000-8000-0000000000f2";
    private const string Derived = "0197a1b2-0000-8000-8000-0000000000f2";
    private const string First = "123e4567-e89b-42d3-a456-426614174000";
    private const string Second = "123e4567-e89b-42d3-a456-426614174001";
    private const string Iban = "DE89370400440532013000";
    private const string Accounts = "/v1/accounts";
    private const string Customers = "/v1/customers";

    [Fact]
    public async Task An_effect_that_brings_its_id_is_refused_by_name_and_changes_nothing()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(1));
        const string one = "\"amount\":\"1.00\",\"currency\":\"EUR\"";
        var hold = (await server.PostAsync($"{Accounts}/{from}/holds", $$"""{{{one}}}"""))["holdId"];
        var transfer = $"\"from\":\"{from}\",\"to\":\"{to}\",{one}";
        (string Path, string Fields, string Id)[] bodies =
        [
            ("/v1/payments/transfers", transfer, "transferId"),
            ($"{Accounts}/{from}/deposits", one, "transactionId"),
            ($"{Accounts}/{from}/withdrawals", one, "transactionId"),
            ($"{Accounts}/{from}/holds", one, "holdId"),
            ($"/v1/holds/{hold}/capture", "\"final\":true", "transactionId"),
        ];
        foreach (var (path, fields, id) in bodies)
        {
            var answered = await server.PostAsync(path, $"{{{fields},\"{id}\":\"{Ada}\"}}");
            answered.ShouldBeProblem("unknown-field", 400, id);
        }
        var line = $"{{{transfer},\"idempotencyKey\":\"k\",\"transferId\":\"{Ada}\"}}";
        var answer = await server.PostAsync("/v1/payments/transfers:batch", line, "", "application/x-ndjson");
        answer.Text.ShouldContain("unknown-field");
        answer.Text.ShouldContain("transferId");
        (await server.Bank.ReadAsync(from)).PostedMinor.ShouldBe(10_000);
    }

    [Fact]
    public async Task Customers_and_accounts_bring_any_id_but_a_derived_or_empty_one()
    {
        await using var server = await GatewayServer.StartAsync();
        foreach (var id in (string[])[Derived, Guid.Empty.ToString(), "nope"])
        {
            (await server.PostAsync(Customers, Customer(id))).ShouldBeProblem("invalid-id", 400, "customerId");
            (await server.PostAsync(Accounts, Account(id))).ShouldBeProblem("invalid-id", 400, "accountId");
        }

        (await server.PostAsync(Customers, Customer(Ada)))["customerId"].ShouldBe(Ada);
        // One id names one thing, whatever kind of thing it is.
        (await server.PostAsync(Accounts, Account(Ada))).ShouldBeProblem("duplicate-id", 409);
        (await server.PostAsync(Accounts, Account(First)))["accountId"].ShouldBe(First);
        (await server.PostAsync(Customers, Customer(First))).ShouldBeProblem("duplicate-id", 409);
    }

    [Fact]
    public async Task The_id_of_an_effect_names_no_customer_or_account()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(0));
        const string one = "\"amount\":\"1.00\",\"currency\":\"EUR\"";
        await server.PostAsync(Customers, Customer(Ada));
        string[] ids =
        [
            (await server.PostAsync($"{Accounts}/{from}/deposits", $"{{{one}}}"))["transactionId"],
            (await server.PostAsync($"{Accounts}/{from}/holds", $"{{{one}}}"))["holdId"],
            (await server.PostAsync(
                "/v1/payments/transfers", $"{{\"from\":\"{from}\",\"to\":\"{to}\",{one}}}"))["transferId"],
        ];
        foreach (var id in ids)
        {
            (await server.PostAsync(Customers, Customer(id))).ShouldBeProblem("duplicate-id", 409);
            (await server.PostAsync(Accounts, Account(id))).ShouldBeProblem("duplicate-id", 409);
        }
    }

    [Fact]
    public async Task A_refused_opening_does_not_burn_its_iban()
    {
        await using var server = await GatewayServer.StartAsync();
        await server.PostAsync(Customers, Customer(Ada));
        (await server.PostAsync(Accounts, Account(Ada, Iban), "a")).ShouldBeProblem("duplicate-id", 409);
        (await server.PostAsync(Accounts, Account(First, Iban), "b"))["accountId"].ShouldBe(First);
        (await server.PostAsync(Accounts, Account(Second, Iban), "c")).ShouldBeProblem("iban-taken", 409);
        (await server.PostAsync(Accounts, Account(Ada, Iban), "a")).ShouldBeProblem("duplicate-id", 409);
        (await server.Bank.Ledger.FindIbanAsync(Iban, default)).ToString().ShouldBe(First);
    }

    private static string Customer(string id) =>
        $$"""{"name":"Ada","email":"ada@example.com","country":"DE","customerId":"{{id}}"}""";

    private static string Account(string id, string? iban = null)
    {
        var named = iban is null ? "null" : $"\"{iban}\"";
        return $$"""{"customerId":"{{Ada}}","currency":"EUR","accountId":"{{id}}","iban":{{named}}}""";
    }
}
