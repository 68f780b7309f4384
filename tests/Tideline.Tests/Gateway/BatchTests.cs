using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tideline.Tests.Gateway;

public sealed class BatchTests
{
    [Fact]
    public async Task Lines_are_answered_in_order_and_a_bad_line_does_not_end_the_stream()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000_000), new[] { await server.Bank.AccountAsync(0), await server.Bank.AccountAsync(1) });
        var lines = Enumerable.Range(1, 3_000).Select(number => (number % 10) switch
        {
            3 => "not json",
            5 => Line(from, to[0], "0.00", $"line-{number}"),
            7 => new string('x', 5_000),
            9 => Line(from, to[0], "1.00", "").Replace(",\"idempotencyKey\":\"\"", "", StringComparison.Ordinal),
            _ => Line(from, to[number / 10 % 2], "1.00", $"line-{number}"),
        });
        var answers = (await server.PostAsync("/v1/payments/transfers:batch", string.Join("\n", lines), "", "application/x-ndjson")).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        answers.Select(answer => answer.GetProperty("line").GetInt32()).ShouldBe(Enumerable.Range(1, 3_000));
        foreach (var answer in answers)
        {
            var expected = (answer.GetProperty("line").GetInt32() % 10) switch { 3 => "malformed-json", 5 => "invalid-amount", 7 => "body-too-large", 9 => "missing-field", _ => null };
            if (expected is null) answer.GetProperty("status").GetInt32().ShouldBe(201, answer.ToString());
            else answer.GetProperty("type").GetString().ShouldEndWith(expected);
        }

        (await server.Bank.ReadAsync(from)).PostedMinor.ShouldBe(10_000_000 - 1_800 * 100);
        await server.Bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task An_answer_comes_before_the_next_line_is_sent()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(1));
        var pipe = new Pipe();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/payments/transfers:batch") { Content = new StreamContent(pipe.Reader.AsStream()) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-ndjson");
        request.Headers.TransferEncodingChunked = true;
        await SendAsync(pipe, Line(from, to, "1.00", "first"));
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync()).ShouldNotBeNull().ShouldContain("\"line\":1,\"status\":201");
        await SendAsync(pipe, Line(from, to, "1.00", "second"));
        (await reader.ReadLineAsync()).ShouldNotBeNull().ShouldContain("\"line\":2,\"status\":201");
        await pipe.Writer.CompleteAsync();
        (await reader.ReadLineAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task A_line_and_a_single_request_with_the_same_key_are_one_transfer()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(0));
        var single = await server.PostAsync("/v1/payments/transfers", Line(from, to, "1.00", "").Replace(",\"idempotencyKey\":\"\"", "", StringComparison.Ordinal), "shared");
        var batch = await server.PostAsync("/v1/payments/transfers:batch", Line(from, to, "1.00", "shared"), "", "application/x-ndjson");
        batch["transferId"].ShouldBe(single["transferId"]);
        (await server.Bank.ReadAsync(to)).PostedMinor.ShouldBe(100);
    }

    private static async Task SendAsync(Pipe pipe, string line)
    {
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
        await pipe.Writer.FlushAsync();
    }

    private static string Line(Guid from, Guid to, string amount, string key) => $$"""{"from":"{{from}}","to":"{{to}}","amount":"{{amount}}","currency":"EUR","idempotencyKey":"{{key}}"}""";
}
