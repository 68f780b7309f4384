using System.Net;

namespace Tideline.Tests.Gateway;

/// <summary>The machine room over HTTP.</summary>
public sealed class OperationsTests
{
    [Fact]
    public async Task The_invariants_are_checked_on_request_and_the_reference_says_so()
    {
        await using var server = await GatewayServer.StartAsync();
        await server.Bank.AccountAsync(0, 10_000);
        foreach (var path in new[] { "/v1/ops/consistency", "/v1/ops/consistency?deep=true", "/v1/ops/consistency?deep=false" })
        {
            var report = await server.GetAsync(path);
            report["ok"].ShouldBe("True", report.Text);
            report.Json.GetProperty("checks").GetArrayLength().ShouldBe(5);
            report.Json.GetProperty("figures").GetArrayLength().ShouldBe(0);
        }

        (await server.GetAsync("/v1/ops/consistency?deep=yes")).ShouldBeProblem("invalid-query", 400, "deep");
        (await server.GetAsync("/v1/ops/consistency?depth=true")).ShouldBeProblem("invalid-query", 400, "depth");
        var paths = (await server.GetAsync("/openapi/v1.json")).Json.GetProperty("paths");
        paths.GetProperty("/v1/ops/consistency").GetProperty("get").GetProperty("parameters")[0].GetProperty("name").GetString().ShouldBe("deep");
        paths.GetProperty("/v1/ops/projections/rebuild").EnumerateObject().Select(method => method.Name).ShouldBe(["get", "post"], ignoreOrder: true);
        (await server.GetAsync("/v1/ops/projections/rebuild")).Status.ShouldBe(HttpStatusCode.OK);
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
            var refused = await RebuildAsync(server, attempt == 0 ? "" : "{}");
            (refused["phase"], refused["differing"]).ShouldBe(("refused", "1"), refused.Text);
            var transactions = refused.Json.GetProperty("collections").EnumerateArray().Single(each => each.GetProperty("name").GetString() == "transactions");
            transactions.GetProperty("differingIds").GetArrayLength().ShouldBe(1);
        }

        (await server.PostAsync("/v1/ops/projections/rebuild", """{"force":"yes"}""")).ShouldBeProblem("invalid-field", 400, "force");
        (await RebuildAsync(server, """{"force":true}"""))["phase"].ShouldBe("switched");
        (await server.GetAsync("/v1/ops/projections")).Json.GetProperty("items")[0].GetProperty("viewVersion").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task Dead_letters_of_every_key_are_replayed_over_http()
    {
        await using var server = await GatewayServer.StartAsync();
        (await server.PostAsync("/v1/ops/dlq/replay", """{"dryRun":true}""")).Text.ShouldBe("""{"items":[],"nextCursor":null}""");
        (await server.PostAsync("/v1/ops/dlq/replay", "", key: "", type: "")).Status.ShouldBe(HttpStatusCode.OK);
        (await server.PostAsync("/v1/ops/dlq/replay", """{"dryRun":"yes"}""")).ShouldBeProblem("invalid-field", 400, "dryRun");
        (await server.PostAsync("/v1/ops/dlq/replay", """{"cursor":"nonsense!"}""")).ShouldBeProblem("invalid-cursor", 400, "cursor");
        (await server.PostAsync("/v1/ops/dlq/replay", """{"all":true}""")).ShouldBeProblem("unknown-field", 400, "all");
        (await server.PostAsync($"/v1/ops/dlq/{server.Bank.Ledger.Ids.Next()}/replay", "{}")).ShouldBeProblem("not-found", 404);
    }

    private static async Task<Answer> RebuildAsync(GatewayServer server, string body)
    {
        var started = await server.PostAsync("/v1/ops/projections/rebuild", body, key: "", type: body.Length == 0 ? "" : "application/json");
        started.Status.ShouldBe(HttpStatusCode.Accepted, started.Text);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var status = await server.GetAsync("/v1/ops/projections/rebuild");
            if (status["phase"] is not ("building" or "comparing")) return status;
            await Task.Delay(10, late.Token);
        }
    }
}
