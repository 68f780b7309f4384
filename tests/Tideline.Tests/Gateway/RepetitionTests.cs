using System.Net;
using CsCheck;

namespace Tideline.Tests.Gateway;

public sealed class RepetitionTests
{
    [Fact]
    public async Task The_same_key_at_the_same_time_makes_one_transfer_and_equal_answers()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (new[]
        {
            await server.Bank.AccountAsync(0, 1_000_000), await server.Bank.AccountAsync(1, 1_000_000)
        }, new[] { await server.Bank.AccountAsync(0), await server.Bank.AccountAsync(1) });
        var expected = 0L;
        await Gen.Select(Gen.Int[0, 1], Gen.Int[0, 1], Gen.Int[1, 400_000], Gen.Int[2, 8], Gen.Int).SampleAsync(
            async (source, target, minor, times, salt) =>
            {
                var body = $$"""{"from":"{{from[source]}}","to":"{{to[target]}}","amount":"{{minor / 100m:0.00}}","currency":"EUR"}""";
                var answers = await Task.WhenAll(Enumerable.Range(0, times).Select(
                    _ => server.PostAsync("/v1/payments/transfers", body, $"same-{minor}-{source}{target}-{salt}")));
                answers.Select(answer => (answer.Status, answer.Text)).Distinct().ShouldHaveSingleItem();
                if (answers[0].Status == HttpStatusCode.Created) Interlocked.Add(ref expected, minor);
                else answers[0].ShouldBeProblem("insufficient-funds", 422);
            }, iter: 40, threads: 1, seed: "0000KGbGaZc4");
        var arrived = (await server.Bank.ReadAsync(to[0]))
            .PostedMinor + (await server.Bank.ReadAsync(to[1])).PostedMinor;
        arrived.ShouldBe(expected);
        expected.ShouldBeGreaterThan(0);
        await server.Bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_repeated_hold_gets_its_first_answer_even_after_its_end()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 10_000);
        var ends = server.Bank.Time.GetUtcNow().AddSeconds(1);
        var body = $$"""{"amount":"30.00","currency":"EUR","expiresAt":"{{ends:yyyy-MM-ddTHH:mm:ss.ffffffZ}}"}""";
        var first = await server.PostAsync($"/v1/accounts/{account}/holds", body, "hold-1");
        first.Status.ShouldBe(HttpStatusCode.Created, first.Text);
        while (server.Bank.Time.GetUtcNow() <= ends) await Task.Delay(20);
        (await server.PostAsync($"/v1/accounts/{account}/holds", body, "hold-1")).Text.ShouldBe(first.Text);
        (await server.PostAsync($"/v1/accounts/{account}/holds", body, "hold-2"))
            .ShouldBeProblem("invalid-expiry", 422);
        (await server.PostAsync($"/v1/accounts/{account}/holds",
            """{"amount":"1.00","currency":"EUR","expiresAt":"2099-01-01T00:00:00Z"}"""))
            .ShouldBeProblem("invalid-expiry", 422);
    }

    [Fact]
    public async Task A_repeated_change_of_status_gets_its_first_answer()
    {
        await using var server = await GatewayServer.StartAsync();
        var path = $"/v1/accounts/{await server.Bank.AccountAsync(0, 10_000)}";
        var first = await SetAsync(server, path, "frozen", "freeze-1");
        first["status"].ShouldBe("frozen");
        (await SetAsync(server, path, "open", "open-1"))["status"].ShouldBe("open");
        await server.PostAsync($"{path}/deposits", """{"amount":"1.00","currency":"EUR"}""");
        (await SetAsync(server, path, "frozen", "freeze-1")).Text.ShouldBe(first.Text);
        (await server.GetAsync(path))["status"].ShouldBe("open");
    }

    [Fact]
    public async Task A_repeated_creation_answers_the_first_ids()
    {
        await using var server = await GatewayServer.StartAsync();
        const string profile = """{"name":"Ada","email":"ada@example.com","country":"GB"}""";
        var customers = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => server.PostAsync("/v1/customers", profile, "new-customer")));
        customers.Select(answer => answer.Text).Distinct().ShouldHaveSingleItem();
        var opening = $$"""{"customerId":"{{customers[0]["customerId"]}}","currency":"EUR"}""";
        var accounts = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => server.PostAsync("/v1/accounts", opening, "new-account")));
        accounts.Select(answer => answer.Text).Distinct().ShouldHaveSingleItem();
        var deposits = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => server.PostAsync(
            $"/v1/accounts/{accounts[0]["accountId"]}/deposits", """{"amount":"1.00","currency":"EUR"}""", "cash")));
        deposits.Select(answer => answer.Text).Distinct().ShouldHaveSingleItem();
        (await server.GetAsync($"/v1/accounts/{accounts[0]["accountId"]}"))["posted"].ShouldBe("1.00");
    }

    private static Task<Answer> SetAsync(GatewayServer server, string path, string status, string key) =>
        server.PostAsync(path, $$"""{"status":"{{status}}"}""", key, method: HttpMethod.Patch);
}
