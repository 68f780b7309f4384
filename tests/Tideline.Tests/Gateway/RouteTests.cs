using System.Globalization;
using System.Net;
using Tideline.Node;

namespace Tideline.Tests.Gateway;

public sealed class RouteTests
{
    [Fact]
    public async Task From_a_new_customer_to_a_statement_every_route_answers()
    {
        await using var server = await GatewayServer.StartAsync();
        var customer = await server.PostAsync(
            "/v1/customers", """{"name":"Ada Łovelace","email":"ada@example.com","country":"GB"}""");
        customer.Status.ShouldBe(HttpStatusCode.Created);
        customer.Headers.GetValues("Tideline-Token").ShouldNotBeEmpty();
        var a = await OpenAsync(server, customer["customerId"], ",\"iban\":\"DE89370400440532013000\"");
        var b = await OpenAsync(server, customer["customerId"], ",\"overdraftLimit\":\"50.00\"");

        var deposit = await server.PostAsync(
            $"/v1/accounts/{a}/deposits", """{"amount":"100.00","currency":"EUR","reference":"cash"}""");
        (deposit.Status, deposit["balance"], deposit["currency"]).ShouldBe((HttpStatusCode.Created, "100.00", "EUR"));
        var withdrawal = await server.PostAsync(
            $"/v1/accounts/{a}/withdrawals", """{"amount":"0.50","currency":"EUR"}""");
        withdrawal["balance"].ShouldBe("99.50");

        var transfer = await server.PostAsync("/v1/payments/transfers",
            $$"""{"from":"{{a}}","to":"{{b}}","amount":"9.50","currency":"EUR","reference":"rent"}""");
        (transfer.Status, transfer["status"], transfer["balance"])
            .ShouldBe((HttpStatusCode.Created, "settled", "90.00"));
        transfer["sagaId"].ShouldBe(transfer["transferId"]);
        var details = await server.GetAsync($"/v1/payments/transfers/{transfer["transferId"]}");
        (details["status"], details["amount"], details["reference"]).ShouldBe(("settled", "9.50", "rent"));
        details.Json.GetProperty("steps")[0].GetProperty("state").GetString().ShouldBe("done");
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await server.GetAsync($"/v1/payments/transfers/{transfer["transferId"]}"))
            .Json.GetProperty("steps").EnumerateArray().Any(step => step.GetProperty("state").GetString() != "done"))
            await Task.Delay(20, late.Token);

        var account = await server.GetAsync($"/v1/accounts/{b}");
        (account["posted"], account["available"], account["overdraftLimit"], account["status"])
            .ShouldBe(("9.50", "59.50", "50.00", "open"));
        account.Headers.GetValues("Tideline-Served-By").ShouldBe(["ledger"]);
        (await server.GetAsync($"/v1/accounts/{a}/balance"))["balance"].ShouldBe("90.00");
        (await server.GetAsync($"/v1/accounts/{a}/balance?at=2020-01-01T00:00:00%2B01:00"))["balance"].ShouldBe("0.00");

        var statement = await server.GetAsync($"/v1/accounts/{a}/statement?from=2020-01-01T00:00:00Z");
        (statement["openingBalance"], statement.Json.GetProperty("entries").GetArrayLength()).ShouldBe(("0.00", 3));
        var camt = await server.GetAsync(
            $"/v1/accounts/{a}/statement?from=2020-01-01T00:00:00Z", ("Accept", "application/xml"));
        camt.Type.ShouldBe("application/xml");
        camt.Text.ShouldContain("camt.053.001.08");
        // Within a shard the transaction is the saga: lists show only those that have a row.
        var map = server.Bank.Ledger.Map;
        var rows = map.ShardOf(Guid.Parse(a)) == map.ShardOf(Guid.Parse(b)) ? 0 : 1;
        (await server.GetAsync("/v1/ops/sagas?state=completed")).Json.GetProperty("items").GetArrayLength()
            .ShouldBe(rows);
        var saga = await server.GetAsync($"/v1/ops/sagas/{transfer["transferId"]}");
        (saga["state"], saga["step"]).ShouldBe(("completed", "update-customer-view"));
        saga.Json.GetProperty("history").GetArrayLength().ShouldBe(2);
        (await server.PostAsync($"/v1/ops/sagas/{transfer["transferId"]}/retry", ""))
            .ShouldBeProblem("saga-not-parked", 409);
        var shards = (await server.GetAsync("/v1/ops/shards")).Json;
        shards.GetProperty("placementVersion").GetInt64().ShouldBe(1);
        shards.GetProperty("items").EnumerateArray().Select(shard => (
            shard.GetProperty("shard").GetInt32(), shard.GetProperty("group").GetInt32(),
            shard.GetProperty("placementEpoch").GetInt64())).ShouldBe([(0, 0, 1L), (1, 0, 1L)]);
        (await server.PostAsync($"/v1/accounts/{a}", """{"status":"frozen"}""", method: HttpMethod.Patch))["status"]
            .ShouldBe("frozen");
    }

    [Fact]
    public async Task While_the_views_cannot_be_opened_a_customer_is_read_from_the_ledger()
    {
        await using var server = await GatewayServer.StartAsync();
        var customer = (await server.PostAsync(
            "/v1/customers", """{"name":"Ada","email":"ada@example.com","country":"GB"}"""))["customerId"];
        var account = await OpenAsync(server, customer, "");
        server.AreViewsOpen = false;
        foreach (var level in (string[])["eventual", "bounded=0", "strong"])
        {
            var read = await server.GetAsync($"/v1/customers/{customer}", ("Tideline-Consistency", level));
            read.Headers.GetValues("Tideline-Served-By").ShouldBe(["ledger"]);
            read.Json.GetProperty("accounts")[0].GetProperty("accountId").GetString().ShouldBe(account);
        }

        (await server.GetAsync($"/v1/customers/{server.Bank.Ledger.Ids.Next()}")).Status
            .ShouldBe(HttpStatusCode.NotFound);
        (await server.GetAsync($"/v1/transactions?customerId={customer}")).Status
            .ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_session_reads_its_own_writes_from_the_views()
    {
        await using var server = await GatewayServer.StartAsync();
        var customer = await server.PostAsync(
            "/v1/customers", """{"name":"Ada","email":"ada@example.com","country":"GB"}""");
        var account = await OpenAsync(server, customer["customerId"], "");
        var deposit = await server.PostAsync(
            $"/v1/accounts/{account}/deposits", """{"amount":"7.00","currency":"EUR","reference":"gift"}""");
        var token = deposit.Headers.GetValues("Tideline-Token").Single();
        foreach (var headers in new[]
        {
            new[] { ("Tideline-Consistency", "session"), ("Tideline-Token", token) },
            [("Tideline-Consistency", "strong")]
        })
        {
            var read = await server.GetAsync($"/v1/customers/{customer["customerId"]}", headers);
            read.Json.GetProperty("accounts")[0].GetProperty("posted").GetString().ShouldBe("7.00");
            // Outside, amounts are decimal strings; minor units are an inner matter.
            read.Text.ShouldNotContain("Minor");
            read.Headers.GetValues("Tideline-Served-By").Single().ShouldBeOneOf("view", "ledger");
            read.Headers.Contains("Tideline-Staleness-Ms").ShouldBeTrue();
        }

        (await server.GetAsync($"/v1/customers/{customer["customerId"]}", ("Tideline-Token", "!!")))
            .ShouldBeProblem("invalid-token", 400);
        (await server.GetAsync($"/v1/customers/{customer["customerId"]}", ("Tideline-Consistency", "odd")))
            .ShouldBeProblem("invalid-consistency", 400);
        (await server.GetAsync("/v1/ops/lag")).Json.GetProperty("items").GetArrayLength()
            .ShouldBe(server.Bank.Ledger.Map.Shards * BankServices.Projections.Count);
        (await server.GetAsync("/v1/ops/dlq")).Json.GetProperty("items").GetArrayLength().ShouldBe(0);
        (await server.GetAsync("/v1/ops/audit/verify"))["ok"].ShouldBe("True");
    }

    [Fact]
    public async Task A_customer_who_is_read_again_comes_from_the_cache()
    {
        await using var server = await GatewayServer.StartAsync();
        var customer = await server.PostAsync(
            "/v1/customers", """{"name":"Ada","email":"ada@example.com","country":"GB"}""");
        var token = ("Tideline-Token", customer.Headers.GetValues("Tideline-Token").Single());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Answer read;
        while ((read = await server.GetAsync($"/v1/customers/{customer["customerId"]}", token))
            .Headers.GetValues("Tideline-Served-By").Single() != "cache") await Task.Delay(1, limit.Token);
        read["name"].ShouldBe("Ada");
        int.Parse(read.Headers.GetValues("Tideline-Staleness-Ms").Single(), CultureInfo.InvariantCulture)
            .ShouldBeGreaterThan(0);
        var metrics = (await server.GetAsync("/metrics")).Text;
        metrics.ShouldContain("tideline_cache_reads_total{result=\"hit\"} 1\n");
        metrics.ShouldContain("tideline_cache_fills_total{result=\"fault\"} 0\n");
    }

    [Fact]
    public async Task Entries_page_by_cursor_newest_first()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync();
        for (var minor = 1; minor <= 5; minor++) await server.Bank.DepositAsync(account, minor);
        var amounts = new List<string>();
        string? cursor = null;
        do
        {
            var page = await server.GetAsync(
                $"/v1/accounts/{account}/entries?limit=2" + (cursor is null ? "" : $"&cursor={cursor}"));
            amounts.AddRange(page.Json.GetProperty("items")
                .EnumerateArray().Select(entry => entry.GetProperty("amount").GetString()!));
            cursor = page.Json.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);
        amounts.ShouldBe(["0.05", "0.04", "0.03", "0.02", "0.01"]);
    }

    [Fact]
    public async Task A_hold_is_placed_captured_in_part_and_released()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(1, 10_000);
        var hold = (await server.PostAsync(
            $"/v1/accounts/{account}/holds", """{"amount":"30.00","currency":"EUR","reference":"hotel"}"""))["holdId"];
        (await server.GetAsync($"/v1/accounts/{account}"))["available"].ShouldBe("70.00");
        (await server.PostAsync($"/v1/holds/{hold}/capture", """{"amount":"40.00","currency":"EUR"}"""))
            .ShouldBeProblem("hold-exceeded", 422);
        (await server.PostAsync($"/v1/holds/{hold}/capture", """{"amount":"10.00"}"""))
            .ShouldBeProblem("missing-field", 400, "currency");
        (await server.PostAsync($"/v1/holds/{hold}/capture", """{"amount":"10.00","currency":"EUR"}"""))["balance"]
            .ShouldBe("90.00");
        var seen = await server.GetAsync($"/v1/holds/{hold}");
        (seen["status"], seen["captured"], seen["remaining"], seen["accountId"])
            .ShouldBe(("open", "10.00", "20.00", account.ToString()));
        (await server.PostAsync($"/v1/holds/{hold}/release", "", type: "")).Status.ShouldBe(HttpStatusCode.OK);
        (await server.PostAsync($"/v1/holds/{hold}/release", "{}")).ShouldBeProblem("hold-not-open", 409);
        (await server.GetAsync($"/v1/accounts/{account}"))["available"].ShouldBe("90.00");
        await server.Bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task Probes_metrics_and_the_reference_answer()
    {
        await using var server = await GatewayServer.StartAsync();
        (await server.GetAsync("/health/live"))["status"].ShouldBe("live");
        (await server.GetAsync("/health/ready"))["status"].ShouldBe("ready");
        (await server.GetAsync("/docs")).Status.ShouldBe(HttpStatusCode.OK);
        var metrics = await server.GetAsync("/metrics");
        metrics.Text.ShouldContain(
            "tideline_http_requests_total{method=\"GET\",route=\"/health/live\",status=\"2xx\"} 1");
        metrics.Text.ShouldContain("tideline_transfers_total{outcome=\"settled\"} 0");
        var transfers = (await server.GetAsync("/openapi/v1.json"))
            .Json.GetProperty("paths").GetProperty("/v1/payments/transfers").GetProperty("post");
        transfers.GetProperty("requestBody").GetProperty("content")
            .GetProperty("application/json").GetProperty("schema").GetProperty("required").EnumerateArray()
            .Select(name => name.GetString()).ShouldBe(["from", "to", "amount", "currency"], ignoreOrder: true);
    }

    private static async Task<string> OpenAsync(GatewayServer server, string customer, string more)
    {
        var opened = await server.PostAsync(
            "/v1/accounts", $$"""{"customerId":"{{customer}}","currency":"EUR"{{more}}}""");
        opened.Status.ShouldBe(HttpStatusCode.Created, opened.Text);
        return opened["accountId"];
    }
}
