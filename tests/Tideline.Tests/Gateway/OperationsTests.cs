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
}
