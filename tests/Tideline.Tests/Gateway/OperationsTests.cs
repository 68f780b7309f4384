using System.Net;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Tests.Ledger;
using Tideline.Tests.Sagas;

namespace Tideline.Tests.Gateway;

/// <summary>The machine room over HTTP.</summary>
public sealed class OperationsTests
{
    [Fact]
    public async Task The_invariants_are_checked_on_request_and_the_reference_says_so()
    {
        await using var server = await GatewayServer.StartAsync();
        await server.Bank.AccountAsync(0, 10_000);
        foreach (var path in new[]
        {
            "/v1/ops/consistency", "/v1/ops/consistency?deep=true", "/v1/ops/consistency?deep=false"
        })
        {
            var report = await server.GetAsync(path);
            report["ok"].ShouldBe("True", report.Text);
            report.Json.GetProperty("checks").GetArrayLength().ShouldBe(9 + server.Projections.All.Count);
            report.Json.GetProperty("figures").GetArrayLength().ShouldBe(0);
        }

        (await server.GetAsync("/v1/ops/consistency?deep=yes")).ShouldBeProblem("invalid-query", 400, "deep");
        (await server.GetAsync("/v1/ops/consistency?depth=true")).ShouldBeProblem("invalid-query", 400, "depth");
        var paths = (await server.GetAsync("/openapi/v1.json")).Json.GetProperty("paths");
        paths.GetProperty("/v1/ops/consistency")
            .GetProperty("get").GetProperty("parameters")[0].GetProperty("name").GetString().ShouldBe("deep");
        paths.GetProperty("/v1/ops/projections/rebuild")
            .EnumerateObject().Select(method => method.Name).ShouldBe(["get", "post"], ignoreOrder: true);
        (await server.GetAsync("/v1/ops/projections/rebuild")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_running_check_says_where_it_is()
    {
        FaultyStore store = null!;
        await using var server = await GatewayServer.StartAsync(wrap: inner => store = new FaultyStore(inner));
        await server.Bank.AccountAsync(1, 10_000);
        await server.CaughtUpAsync();
        var (reached, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        // Only the audit of shard 1 reads transactions of it by their ids first.
        store.BeforeRead = (shard, read) =>
        {
            if (shard != 1 || read != "GetTransactionsAsync") return null;
            reached.TrySetResult();
            return release.Task;
        };
        var report = server.GetAsync("/v1/ops/consistency");
        await reached.Task;
        var head = server.Bank.Ledger.CommittedHead(1).EventSeq;
        var item = (await server.GetAsync("/v1/ops/consistency/progress")).Json.GetProperty("items")
            .EnumerateArray().ShouldHaveSingleItem();
        item.GetProperty("check").GetString().ShouldStartWith("I9 ");
        (item.GetProperty("shard").GetInt64(), item.GetProperty("done").GetInt64(),
            item.GetProperty("total").GetInt64()).ShouldBe((1, 0, head));
        release.SetResult();
        (await report)["ok"].ShouldBe("True");
        (await server.GetAsync("/v1/ops/consistency/progress")).Json.GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_refused_rebuild_can_be_started_again_and_forced()
    {
        await using var server = await GatewayServer.StartAsync();
        await server.Bank.AccountAsync(0, 10_000);
        await server.CaughtUpAsync();
        server.TamperWithViews("UPDATE c_transactions_v1 SET json = CAST(replace(json, 'deposit', 'Deposit') AS BLOB)");
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var refused = await RebuildAsync(server, attempt == 0 ? "" : "{}", "refused");
            refused.GetProperty("differing").GetInt32().ShouldBe(1);
            var transactions = refused.GetProperty("collections")
                .EnumerateArray().Single(each => each.GetProperty("name").GetString() == "transactions");
            transactions.GetProperty("differingIds").GetArrayLength().ShouldBe(1);
        }

        (await server.PostAsync("/v1/ops/projections/rebuild", """{"force":"yes"}"""))
            .ShouldBeProblem("invalid-field", 400, "force");
        await RebuildAsync(server, """{"force":true}""", "switched");
        (await server.GetAsync("/v1/ops/projections")).Json.GetProperty("items")[0].GetProperty("viewVersion")
            .GetInt32().ShouldBe(4);
    }

    [Fact]
    public async Task Dead_letters_of_every_key_are_replayed_over_http()
    {
        await using var server = await GatewayServer.StartAsync();
        (await server.PostAsync("/v1/ops/dlq/replay", """{"dryRun":true}"""))
            .Text.ShouldBe("""{"items":[],"nextCursor":null,"leftOut":null}""");
        (await server.PostAsync("/v1/ops/dlq/replay", "", key: "", type: "")).Status.ShouldBe(HttpStatusCode.OK);
        (await server.PostAsync("/v1/ops/dlq/replay", """{"dryRun":"yes"}"""))
            .ShouldBeProblem("invalid-field", 400, "dryRun");
        (await server.PostAsync("/v1/ops/dlq/replay", """{"cursor":"nonsense!"}"""))
            .ShouldBeProblem("invalid-cursor", 400, "cursor");
        (await server.PostAsync("/v1/ops/dlq/replay", """{"all":true}""")).ShouldBeProblem("unknown-field", 400, "all");
        (await server.PostAsync($"/v1/ops/dlq/{server.Bank.Ledger.Ids.Next()}/replay", "{}"))
            .ShouldBeProblem("not-found", 404);
    }

    [Fact]
    public async Task A_node_whose_disk_is_full_is_not_ready_until_writes_succeed()
    {
        FaultyStore faults = null!;
        await using var server = await GatewayServer.StartAsync(store => faults = new FaultyStore(store));
        faults.IsFull = true;
        var unready = await UntilAsync(server, HttpStatusCode.ServiceUnavailable);
        unready["status"].ShouldBe("not ready");
        unready.Json.GetProperty("checks")[0].GetProperty("detail").GetString().ShouldBe("The disk is full.");
        (await server.PostAsync("/v1/customers", """{"name":"Ada","email":"ada@example.com","country":"GB"}"""))
            .ShouldBeProblem("storage-unavailable", 503);
        faults.IsFull = false;
        (await UntilAsync(server, HttpStatusCode.OK))["status"].ShouldBe("ready");
    }

    [Fact]
    public async Task A_shard_whose_disk_is_broken_leaves_the_node_ready_and_is_named_in_detail()
    {
        FaultyStore faults = null!;
        await using var server = await GatewayServer.StartAsync(store => faults = new FaultyStore(store));
        (await server.GetAsync("/health/detail"))["status"].ShouldBe("sound");
        faults.BrokenShard = 1;
        var detail = await UntilAsync(server, HttpStatusCode.ServiceUnavailable, "/health/detail");
        detail["status"].ShouldBe("faulty");
        detail.Text.ShouldContain("""{"name":"ledger shard 1","ok":false,"detail":"The disk does not answer."}""");
        var metrics = await server.Client.GetStringAsync("/metrics");
        metrics.ShouldContain("""tideline_fault{part="ledger shard 0",scope="detail"} 0""");
        metrics.ShouldContain("""tideline_fault{part="ledger shard 1",scope="detail"} 1""");
        var ready = await server.GetAsync("/health/ready");
        (ready.Status, ready["status"]).ShouldBe((HttpStatusCode.OK, "ready"));
    }

    [Fact]
    public async Task A_fault_keeps_the_node_from_what_its_scope_says_and_is_named_everywhere()
    {
        await using var server = await GatewayServer.StartAsync();
        foreach (var (scope, stopped) in new[
            ] { (FaultScope.Commands, "/health/ready"), (FaultScope.Freshness, "/health/fresh"),
                (FaultScope.Detail, "/health/detail") })
        {
            server.Health.Register("the part", scope, () => "It is wrong.");
            foreach (var probe in new[] { "/health/ready", "/health/fresh", "/health/detail" })
            {
                var answer = await server.GetAsync(probe);
                answer.Status.ShouldBe(probe == stopped || probe == "/health/detail"
                    ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, answer.Text);
                if (probe == stopped) answer.Text.ShouldContain(
                    """{"name":"the part","ok":false,"detail":"It is wrong."}""");
            }

            var named = scope.ToString().ToLowerInvariant();
            var metrics = await server.Client.GetStringAsync("/metrics");
            metrics.ShouldContain($$"""tideline_fault{part="the part",scope="{{named}}"} 1""");
        }

        server.Health.Register("the part", FaultScope.Commands, () => null);
        (await server.GetAsync("/health/detail"))["status"].ShouldBe("sound");
    }

    [Fact]
    public async Task A_list_honours_the_consistency_that_is_asked_for()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0);
        var customer = (await server.Bank.ReadAsync(account)).CustomerId;
        await server.CaughtUpAsync();
        // Whoever holds the gate keeps the views where they are.
        await server.Projections["customers"].Projector.Gate.WaitAsync();
        var deposit = await server.PostAsync(
            $"/v1/accounts/{account}/deposits", """{"amount":"7.00","currency":"EUR"}""");
        var token = ("Tideline-Token", deposit.Headers.GetValues("Tideline-Token").Single());
        foreach (var path in new[] { $"/v1/transactions?customerId={customer}", "/v1/customers?email=ada@example.com" })
        {
            var behind = await server.GetAsync(path, token);
            behind.ShouldBeProblem("view-behind", 503);
            behind.Headers.RetryAfter.ShouldNotBeNull();
            (await server.GetAsync(path, ("Tideline-Consistency", "eventual"))).Status.ShouldBe(HttpStatusCode.OK);
            (await server.GetAsync(path, ("Tideline-Token", "MDo5OTk5OTk5OTk")))
                .ShouldBeProblem("invalid-token", 400, "Tideline-Token");
            (await server.GetAsync(path, ("Tideline-Consistency", "odd")))
                .ShouldBeProblem("invalid-consistency", 400, "Tideline-Consistency");
        }

        server.Projections["customers"].Projector.Gate.Release();
        foreach (var asked in new[]
        {
            token, ("Tideline-Consistency", "strong"), ("Tideline-Consistency", "bounded=0")
        })
        {
            var found = await server.GetAsync($"/v1/transactions?customerId={customer}", asked);
            found.Json.GetProperty("items").GetArrayLength().ShouldBe(1, found.Text);
            found.Headers.GetValues("Tideline-Served-By").ShouldBe(["view"]);
        }
    }

    [Fact]
    public async Task Sagas_page_by_cursor_over_all_shards()
    {
        await using var server = await GatewayServer.StartAsync();
        Guid[] accounts = [await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(1, 10_000),
            await server.Bank.AccountAsync(0), await server.Bank.AccountAsync(1)];
        for (var at = 0; at < 5; at++) await server.Bank.StartAsync(accounts[at % 2], accounts[3 - at % 2], 1);
        await server.Bank.Pump.RunAsync();
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await server.GetAsync(
                "/v1/ops/sagas?state=completed&limit=2" + (cursor is null ? "" : $"&cursor={cursor}"));
            seen.AddRange(page.Json.GetProperty("items")
                .EnumerateArray().Select(saga => saga.GetProperty("sagaId").GetString()!));
            cursor = page.Json.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);
        seen.Distinct().Count().ShouldBe(5);
        seen.Count.ShouldBe(5);
        (await server.GetAsync("/v1/ops/sagas?cursor=c2FnYXN8OTk6eA")).ShouldBeProblem("invalid-cursor", 400, "cursor");
    }

    private static async Task<Answer> UntilAsync(
        GatewayServer server, HttpStatusCode wanted, string path = "/health/ready")
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var answer = await server.GetAsync(path);
            if (answer.Status == wanted) return answer;
            await Task.Delay(20, late.Token);
        }
    }

    // Every projection is rebuilt; how that of customers ended.
    private static async Task<JsonElement> RebuildAsync(GatewayServer server, string body, string phase)
    {
        var started = await server.PostAsync(
            "/v1/ops/projections/rebuild", body, key: "", type: body.Length == 0 ? "" : "application/json");
        started.Status.ShouldBe(HttpStatusCode.Accepted, started.Text);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var status = await server.GetAsync("/v1/ops/projections/rebuild");
            var items = status.Json.GetProperty("items").EnumerateArray().ToList();
            if (items.TrueForAll(item => item.GetProperty("phase").GetString() is "switched" or "refused" or "failed"))
            {
                var customers = items.Single(item => item.GetProperty("projection").GetString() == "customers");
                customers.GetProperty("phase").GetString().ShouldBe(phase, status.Text);
                return customers;
            }

            await Task.Delay(10, late.Token);
        }
    }
}
