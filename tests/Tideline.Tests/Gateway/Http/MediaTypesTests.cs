using System.Net;
using Microsoft.AspNetCore.Http;
using Tideline.Gateway.Http;

namespace Tideline.Tests.Gateway.Http;

/// <summary>What a client accepts (RFC 9110, 12.5.1), and what a body is.</summary>
public sealed class MediaTypesTests
{
    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("", "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/*", "application/json")]
    [InlineData("application/json", "application/json")]
    [InlineData("Application/JSON; charset=UTF-8", "application/json")]
    [InlineData("application/xml", "application/xml")]
    [InlineData("application/xml, */*", "application/xml")]
    [InlineData("application/json;q=0.5, application/xml", "application/xml")]
    [InlineData("application/json;q=0.5, application/xml;q=0.4", "application/json")]
    [InlineData("application/json, application/xml", "application/json")]
    [InlineData("application/xml, application/json", "application/xml")]
    [InlineData("application/json;q=0, */*", "application/xml")]
    [InlineData("*/*, application/xml;q=0", "application/json")]
    [InlineData("application/*;q=0.2, application/json;q=0.1", "application/xml")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/xml")]
    [InlineData("application/json;version=2, */*;q=0.1", "application/json")]
    [InlineData("application/json;q=0", null)]
    [InlineData("*/*;q=0", null)]
    [InlineData("text/html", null)]
    [InlineData("application/json;version=2", null)]
    [InlineData("application/json;charset=utf-16", null)]
    [InlineData("nonsense", null)]
    public void The_offer_that_is_rated_highest_is_chosen(string? accept, string? chosen)
    {
        var http = new DefaultHttpContext();
        if (accept is not null) http.Request.Headers.Accept = accept;
        MediaTypes.Choose(http.Request, ["application/json", "application/xml"]).ShouldBe(chosen);
    }

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("Application/Json ;charset=\"utf-8\"", true)]
    [InlineData("application/json;charset=utf-16", false)]
    [InlineData("application/jsonp", false)]
    [InlineData("application/json, text/plain", false)]
    [InlineData("application/problem+json", false)]
    [InlineData("text/plain", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_body_is_json_by_its_whole_type(string? contentType, bool isJson) =>
        MediaTypes.Is(contentType, MediaTypes.Json).ShouldBe(isJson);

    [Fact]
    public async Task A_client_that_accepts_nothing_that_a_route_has_is_told_what_it_has_and_nothing_is_done()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 10_000);
        var wrong = await server.GetAsync($"/v1/accounts/{account}", ("Accept", "application/xml"));
        wrong.ShouldBeProblem("not-acceptable", 406, "Accept");
        wrong["detail"].ShouldContain("application/json");
        var statement = await server.GetAsync($"/v1/accounts/{account}/statement?from=2020-01-01",
            ("Accept", "text/html"));
        statement["detail"].ShouldContain("application/json or application/xml");
        (await server.GetAsync($"/v1/accounts/{account}/statement?from=2020-01-01",
            ("Accept", "application/xml;q=0.1, application/json"))).Type.ShouldBe("application/json");
        (await server.GetAsync($"/v1/accounts/{account}/statement?from=2020-01-01",
            ("Accept", "application/xml;q=0.2, application/json;q=0.1"))).Type.ShouldBe("application/xml");
        (await server.GetAsync("/metrics",
            ("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"))).Status
            .ShouldBe(HttpStatusCode.OK);

        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/accounts/{account}/deposits");
        request.Content = new StringContent("""{"amount":"1.00","currency":"EUR"}""", System.Text.Encoding.UTF8,
            "application/json");
        request.Headers.Add("Idempotency-Key", "k");
        request.Headers.Add("Accept", "text/html");
        using var refused = await server.Client.SendAsync(request);
        (await Answer.ReadAsync(refused)).ShouldBeProblem("not-acceptable", 406);
        (await server.Bank.ReadAsync(account)).PostedMinor.ShouldBe(10_000);
    }
}
