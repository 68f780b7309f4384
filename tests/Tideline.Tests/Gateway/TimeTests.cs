using System.Net;

namespace Tideline.Tests.Gateway;

/// <summary>Periods and moments as routes take and answer them.</summary>
public sealed class TimeTests
{
    [Fact]
    public async Task A_balance_says_of_which_moment_it_is_and_is_the_same_when_that_is_asked_for()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await AccountAsync(server);
        await DepositAsync(server, account);
        var now = await server.GetAsync($"/v1/accounts/{account}/balance");
        now["balance"].ShouldBe("1.00");
        await DepositAsync(server, account);
        (await server.GetAsync($"/v1/accounts/{account}/balance?at={now["at"]}")).Text.ShouldBe(now.Text);
        (await server.GetAsync($"/v1/accounts/{account}/balance"))["balance"].ShouldBe("2.00");
        (await server.GetAsync($"/v1/accounts/{account}/balance?at=2999-01-01T00:00:00Z"))
            .ShouldBeProblem("invalid-query", 400, "at");
    }

    [Fact]
    public async Task A_statement_that_would_end_ahead_ends_now_and_says_so_and_the_next_one_goes_on_there()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await AccountAsync(server);
        await DepositAsync(server, account);
        var path = $"/v1/accounts/{account}/statement?from=";
        var first = await server.GetAsync($"{path}2020-01-01T00:00:00Z&to=2999-01-01T00:00:00Z");
        first["to"].ShouldNotStartWith("2999");
        first["to"].ShouldBe(first["createdAt"]);
        await DepositAsync(server, account);
        var second = await server.GetAsync(path + first["to"]);
        (second["openingBalance"], second["closingBalance"]).ShouldBe(("1.00", "2.00"));
        second.Json.GetProperty("entries").GetArrayLength().ShouldBe(1);
        var again = await server.GetAsync($"{path}2020-01-01T00:00:00Z&to={first["to"]}");
        again["statementId"].ShouldBe(first["statementId"]);
    }

    [Fact]
    public async Task A_strong_list_of_a_period_that_is_over_stays_the_same()
    {
        await using var server = await GatewayServer.StartAsync();
        var customer = await CustomerAsync(server);
        var account = await AccountAsync(server, customer);
        await DepositAsync(server, account);
        var shard = server.Bank.Ledger.Map.ShardOf(Guid.Parse(account));
        var to = Tideline.Gateway.Http.Timestamp.Write(server.Bank.Ledger.NowUs(shard));
        var path = $"/v1/transactions?customerId={customer}&to={to}";
        var before = await server.GetAsync(path, ("Tideline-Consistency", "strong"));
        before.Json.GetProperty("items").GetArrayLength().ShouldBe(1, before.Text);
        await DepositAsync(server, account);
        (await server.GetAsync(path, ("Tideline-Consistency", "strong"))).Text.ShouldBe(before.Text);
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00Z")]
    [InlineData("2026-01-31t12:00:00z")]
    [InlineData("2026-01-31T13:00:00.000000+01:00")]
    public void A_time_is_read_as_RFC_3339_writes_it(string text)
    {
        Tideline.Gateway.Http.Timestamp.TryParse(text, out var time).ShouldBeTrue();
        time.ShouldBe(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task Metrics_say_whether_the_clocks_agree()
    {
        await using var server = await GatewayServer.StartAsync();
        var metrics = (await server.GetAsync("/metrics")).Text;
        metrics.ShouldContain("tideline_clock_healthy 1\n");
        metrics.ShouldContain("tideline_clock_offset_seconds ");
        metrics.ShouldContain("tideline_clock_jumps_total 0\n");
    }

    private static async Task<string> CustomerAsync(GatewayServer server)
    {
        const string Ada = """{"name":"Ada","email":"ada@example.com","country":"GB"}""";
        return (await server.PostAsync("/v1/customers", Ada))["customerId"];
    }

    private static async Task<string> AccountAsync(GatewayServer server, string? customer = null)
    {
        customer ??= await CustomerAsync(server);
        var account = $$"""{"customerId":"{{customer}}","currency":"EUR"}""";
        return (await server.PostAsync("/v1/accounts", account))["accountId"];
    }

    private static async Task DepositAsync(GatewayServer server, string account)
    {
        const string Euro = """{"amount":"1.00","currency":"EUR"}""";
        var deposit = await server.PostAsync($"/v1/accounts/{account}/deposits", Euro);
        deposit.Status.ShouldBe(HttpStatusCode.Created);
    }
}
