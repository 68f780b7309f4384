using System.Net;
using System.Text;
using Tideline.Gateway;
using Tideline.Gateway.Door;

namespace Tideline.Tests.Gateway.Door;

/// <summary>A web page that makes a browser talk to a node, under a name of its own or from another origin.</summary>
public sealed class RequestDoorTests
{
    private static readonly string[] Paths =
        ["/v1/ops/sagas", "/v1/nothing", "/openapi/v1.json", "/docs", "/health/live", "/metrics"];

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:7400")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("evil.example.")]
    [InlineData("10.1.2.3")]
    [InlineData("[::2]:7400")]
    public async Task A_request_for_another_host_is_refused_on_every_path_and_moves_nothing(string host)
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 10_000);
        foreach (var path in Paths) (await server.GetAsync(path, ("Host", host)))
            .ShouldBeProblem("host-refused", 403, "Host");
        (await DepositAsync(server, account, ("Host", host))).ShouldBeProblem("host-refused", 403, "Host");
        (await server.Bank.ReadAsync(account)).PostedMinor.ShouldBe(10_000);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:9")]
    [InlineData("localhost.")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.1:7400")]
    [InlineData("[::1]:7400")]
    [InlineData("Bank.Example:443")]
    [InlineData("10.0.0.7")]
    public async Task Loopback_and_the_hosts_that_an_operator_names_are_answered(string host)
    {
        await using var server = await GatewayServer.StartAsync(hosts: new HostNames(["bank.example", "10.0.0.7"]));
        (await server.GetAsync("/health/live", ("Host", host))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "https://localhost")]
    [InlineData("Origin", "http://localhost:1")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "")]
    [InlineData("Origin", "evil://")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "something-new")]
    public async Task A_page_of_another_site_may_neither_read_nor_move(string header, string value)
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 10_000);
        foreach (var path in Paths) (await server.GetAsync(path, (header, value)))
            .ShouldBeProblem("origin-refused", 403, header);
        (await server.GetAsync($"/v1/accounts/{account}", (header, value)))
            .ShouldBeProblem("origin-refused", 403, header);
        (await DepositAsync(server, account, (header, value))).ShouldBeProblem("origin-refused", 403, header);
        (await server.Bank.ReadAsync(account)).PostedMinor.ShouldBe(10_000);
    }

    [Fact]
    public async Task The_nodes_own_pages_and_an_address_that_a_person_types_are_answered()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 10_000);
        (await server.GetAsync("/docs", ("Sec-Fetch-Site", "none"))).Status.ShouldBe(HttpStatusCode.OK);
        (await server.GetAsync("/openapi/v1.json", ("Sec-Fetch-Site", "same-origin"))).Status
            .ShouldBe(HttpStatusCode.OK);
        var own = server.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        (await DepositAsync(server, account, ("Origin", own))).Status.ShouldBe(HttpStatusCode.Created);
        (await server.GetAsync("/metrics", ("Origin", "null"))).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await server.GetAsync("/metrics")).Text.ShouldContain("route=\"refused\",status=\"4xx\"} 1");
    }

    [Fact]
    public async Task A_head_that_is_too_large_or_has_two_lengths_is_a_problem()
    {
        await using var server = await GatewayServer.StartAsync();
        const string end = "Host: localhost\r\nConnection: close\r\n\r\n";
        var tooLong = new string('a', GatewayLimits.RequestLineBytes);
        (await RawAsync(server, $"GET /v1/ops/sagas?cursor={tooLong} HTTP/1.1\r\n{end}"))
            .ShouldBeProblem("uri-too-long", 414);
        (await RawAsync(server,
            $"GET /health/live HTTP/1.1\r\nX: {new string('a', GatewayLimits.HeaderBytes)}\r\n{end}"))
            .ShouldBeProblem("headers-too-large", 431);
        var many = string.Concat(Enumerable.Range(0, GatewayLimits.HeaderFields).Select(field => $"X{field}: a\r\n"));
        (await RawAsync(server, $"GET /health/live HTTP/1.1\r\n{many}{end}")).ShouldBeProblem("headers-too-large", 431);
        const string twoLengths = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n";
        (await RawAsync(server, $"POST /v1/customers HTTP/1.1\r\n{twoLengths}{end}0\r\n\r\n"))
            .ShouldBeProblem("invalid-input", 400);
        foreach (var coding in (string[])["gzip, chunked", "chunked, chunked", "identity"])
        {
            var odd = $"Transfer-Encoding: {coding}\r\n";
            (await RawAsync(server, $"POST /v1/customers HTTP/1.1\r\n{odd}{end}0\r\n\r\n")).Status.ShouldBe(400);
        }

        (await RawAsync(server, "GET /health/live HTTP/1.0\r\n\r\n")).ShouldBeProblem("host-refused", 403);
        // Beyond what is read at all, the server answers with the status alone.
        (await RawAsync(server,
            $"GET /health/live HTTP/1.1\r\nX: {new string('a', GatewayLimits.HeadReadBytes)}\r\n{end}"))
            .Status.ShouldBe(431);
        (await RawAsync(server, $"GET /health/live HTTP/1.1\r\n{end}")).Status.ShouldBe(200);
    }

    private static Task<RawAnswer> RawAsync(GatewayServer server, string request) =>
        server.SendRawAsync(Encoding.ASCII.GetBytes(request));

    private static async Task<Answer> DepositAsync(GatewayServer server, Guid account,
        (string Name, string Value) header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/accounts/{account}/deposits");
        request.Content = new StringContent("""{"amount":"1.00","currency":"EUR"}""", Encoding.UTF8,
            "application/json");
        request.Headers.Add("Idempotency-Key", "door");
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using var response = await server.Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}
