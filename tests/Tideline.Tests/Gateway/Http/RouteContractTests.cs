using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Tideline.Gateway.Http;

namespace Tideline.Tests.Gateway.Http;

/// <summary>What holds for every route alike: each is asked.</summary>
public sealed class RouteContractTests
{
    private const string Id = "0197a1b2-0000-7000-8000-00000000dead";

    [Fact]
    public async Task A_body_needs_the_content_type_that_the_route_takes()
    {
        await using var server = await GatewayServer.StartAsync();
        foreach (var route in server.Routes)
            foreach (var type in (string?[])[null, "text/plain", "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=b", "application/json-seq"])
                (await SendAsync(server, route, "{}", type)).ShouldBeProblem("unsupported-media-type", 415);
        // A rebuild would go on behind the test's back.
        foreach (var route in server.Routes
            .Where(route => route.Notes.Body is not null && route.Notes.BodyType is null
            && !route.Path.EndsWith("/rebuild", StringComparison.Ordinal)))
        {
            (await SendAsync(server, route, "{}", "application/json; charset=utf-8")).Status
                .ShouldNotBe(HttpStatusCode.UnsupportedMediaType, route.Path);
            (await SendAsync(server, route, "{}", "application/json", ("Content-Encoding", "gzip")))
                .ShouldBeProblem("unsupported-media-type", 415, "Content-Encoding");
        }
    }

    [Fact]
    public async Task A_content_type_without_a_body_is_no_body()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 10_000);
        var hold = (await server.PostAsync($"/v1/accounts/{account}/holds",
            """{"amount":"1.00","currency":"EUR"}"""))["holdId"];
        const string head = "HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";
        (await server.SendRawAsync(Encoding.ASCII.GetBytes($"GET /v1/accounts/{account} {head}\r\n"))).Status
            .ShouldBe(200);
        var release = $"POST /v1/holds/{hold}/release {head}Content-Length: 0\r\nIdempotency-Key: r\r\n\r\n";
        (await server.SendRawAsync(Encoding.ASCII.GetBytes(release))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_parameter_that_a_route_does_not_know_is_refused()
    {
        await using var server = await GatewayServer.StartAsync();
        foreach (var route in server.Routes)
            (await SendAsync(server, route with { Path = route.Path + "?surprise=1" }, null, null))
            .ShouldBeProblem("invalid-query", 400, "surprise");
    }

    [Fact]
    public async Task A_consistency_that_means_nothing_is_refused_on_every_route_that_takes_it()
    {
        await using var server = await GatewayServer.StartAsync();
        var reads = server.Routes.Where(route => route.Notes.IsRead).ToList();
        reads.Select(route => route.Path).ShouldContain("/v1/accounts/{id}");
        foreach (var route in reads)
        {
            foreach (var level in (string[])["odd", "", "strong,strong", "bounded", "bounded=", "bounded=-1",
                "bounded=1.5", "bounded=99999999999", "Strong"])
                (await SendAsync(server, route, null, null, ("Tideline-Consistency", level)))
                    .ShouldBeProblem("invalid-consistency", 400, "Tideline-Consistency");
            foreach (var token in (string[])["!!", "MDo5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "OTk6MQ", "MDow"])
                (await SendAsync(server, route, null, null, ("Tideline-Token", token)))
                    .ShouldBeProblem("invalid-token", 400, "Tideline-Token");
        }
    }

    [Fact]
    public async Task Where_there_is_get_there_is_head_with_the_same_header_and_no_body()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 10_000);
        string[] found = [$"/v1/accounts/{account}", $"/v1/accounts/{account}/entries",
            $"/v1/accounts/{account}/statement?from=2020-01-01", "/docs", "/openapi/v1.json"];
        foreach (var path in server.Routes.Where(route => route.Method == "GET").Select(route => PathOf(route.Path))
            .Concat(found))
        {
            using var get = await server.Client.GetAsync(path);
            using var head = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
            head.StatusCode.ShouldBe(get.StatusCode, path);
            head.Content.Headers.ContentType.ShouldBe(get.Content.Headers.ContentType, path);
            (await head.Content.ReadAsByteArrayAsync()).ShouldBeEmpty(path);
        }

        using var whole = await server.Client.GetAsync(found[0]);
        using var same = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, found[0]));
        same.Content.Headers.ContentLength.ShouldBe(whole.Content.Headers.ContentLength);
        same.Headers.GetValues("Tideline-Served-By").ShouldBe(["ledger"]);
    }

    [Fact]
    public async Task What_a_path_takes_is_told_and_what_it_does_not_is_405()
    {
        await using var server = await GatewayServer.StartAsync();
        foreach (var (path, allow) in ((string, string[])[])[
            ("/v1/accounts", ["POST"]), ($"/v1/accounts/{Id}", ["PATCH", "GET", "HEAD"]), ("/docs", ["GET", "HEAD"]),
                ("/openapi/v1.json", ["GET", "HEAD"])])
        {
            using var options = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Options, path));
            options.StatusCode.ShouldBe(HttpStatusCode.NoContent, path);
            allow.ShouldBeSubsetOf(options.Content.Headers.Allow);
            options.Content.Headers.Allow.ShouldContain("OPTIONS");
            foreach (var method in (HttpMethod[])[HttpMethod.Delete, HttpMethod.Put, HttpMethod.Trace])
            {
                using var wrong = await server.Client.SendAsync(new HttpRequestMessage(method, path));
                allow.ShouldBeSubsetOf(wrong.Content.Headers.Allow);
                (await Answer.ReadAsync(wrong)).ShouldBeProblem("method-not-allowed", 405);
            }
        }

        (await server.SendRawAsync("OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray()))
            .Status.ShouldBe(204);
    }

    [Fact]
    public async Task A_date_is_taken_where_a_time_is()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 10_000);
        var day = await server.GetAsync($"/v1/accounts/{account}/balance?at=2020-01-31");
        (day["balance"], day["at"]).ShouldBe(("0.00", "2020-01-31T00:00:00.000000Z"));
        (await server.GetAsync($"/v1/accounts/{account}/statement?from=2020-01-01&to=2020-02-01"))["openingBalance"]
            .ShouldBe("0.00");
        foreach (var wrong in (string[])["2020-02-30", "2020-1-1", "2020-01-01garbage", "20200101",
            "2020-01-01T00:00:00"])
            (await server.GetAsync($"/v1/accounts/{account}/balance?at={wrong}"))
                .ShouldBeProblem("invalid-field", 400, "at");
    }

    [Theory]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}' })]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    [InlineData(new byte[] { (byte)'{', 0, (byte)'}' })]
    public async Task A_body_that_is_not_plain_utf8_is_malformed(byte[] body)
    {
        await using var server = await GatewayServer.StartAsync();
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await server.Client.PostAsync("/v1/customers", content);
        (await Answer.ReadAsync(response)).ShouldBeProblem("malformed-json", 400);
    }

    [Theory]
    [InlineData("""{"name":"\u0000","email":"a@b","country":"GB"}""", "invalid-field")]
    [InlineData("""{"name":"\uD800","email":"a@b","country":"GB"}""", "malformed-json")]
    [InlineData("""{"name":{"name":{"name":"Ada"}},"email":"a@b","country":"GB"}""", "invalid-field")]
    public async Task A_text_that_is_no_text_is_refused(string body, string problem)
    {
        await using var server = await GatewayServer.StartAsync();
        (await server.PostAsync("/v1/customers", body)).ShouldBeProblem(problem, 400);
        var deep = "{\"name\":" + new string('[', 30_000);
        (await server.PostAsync("/v1/customers", deep)).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_body_that_arrives_too_slowly_or_not_whole_is_a_problem_or_nothing()
    {
        await using var server = await GatewayServer.StartAsync();
        const string head = "POST /v1/customers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        (await server.SendRawAsync(Encoding.ASCII.GetBytes(head + "Content-Length: 100\r\n\r\n{")))
            .ShouldBeProblem("request-timeout", 408);
        foreach (var size in (string[])["zz", "FFFFFFFFFFFFFFFF", "-1"])
            (await server.SendRawAsync(Encoding.ASCII.GetBytes($"{head}Transfer-Encoding: chunked\r\n\r\n{size}\r\n")))
                .ShouldBeProblem("invalid-input", 400);
        var lines = head.Replace("/v1/customers", "/v1/payments/transfers:batch", StringComparison.Ordinal)
            .Replace("application/json", "application/x-ndjson", StringComparison.Ordinal);
        var batch = await server.SendRawAsync(
            Encoding.ASCII.GetBytes($"{lines}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"));
        batch.Text.ShouldContain("\"line\":1,\"type\":\"https://tideline.dev/problems/invalid-input\"");
        (await server.SendRawAsync(
            Encoding.ASCII.GetBytes(head + "Content-Length: 999999999\r\nConnection: close\r\n\r\n")))
            .ShouldBeProblem("body-too-large", 413);
    }

    private static string PathOf(string route) => route.Replace("{id}", Id, StringComparison.Ordinal);

    private static async Task<Answer> SendAsync(GatewayServer server, MappedRoute route, string? body, string? type,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), PathOf(route.Path));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content!.Headers.TryAddWithoutValidation(name, value);
        using var response = await server.Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}
