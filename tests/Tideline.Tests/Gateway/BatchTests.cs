using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Tideline.Tests.Gateway;

public sealed class BatchTests
{
    [Fact]
    public async Task Lines_are_answered_in_order_and_a_bad_line_does_not_end_the_stream()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000_000),
            new[] { await server.Bank.AccountAsync(0), await server.Bank.AccountAsync(1) });
        var lines = Enumerable.Range(1, 3_000).Select(number => (number % 10) switch
        {
            3 => "not json",
            5 => Line(from, to[0], "0.00", $"line-{number}"),
            7 => new string('x', 5_000),
            9 => Line(from, to[0], "1.00", "").Replace(",\"idempotencyKey\":\"\"", "", StringComparison.Ordinal),
            _ => Line(from, to[number / 10 % 2], "1.00", $"line-{number}"),
        });
        var answers = (await server.PostAsync("/v1/payments/transfers:batch", string.Join("\n", lines),
            "", "application/x-ndjson")).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        answers.Select(answer => answer.GetProperty("line").GetInt32()).ShouldBe(Enumerable.Range(1, 3_000));
        foreach (var answer in answers)
        {
            var expected = (answer.GetProperty("line").GetInt32() % 10) switch
            {
                3 => "malformed-json",
                5 => "invalid-amount",
                7 => "body-too-large",
                9 => "missing-field",
                _ => null
            };
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
        // A plain socket: HttpClient would send the whole body before it reads an answer.
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Client.BaseAddress!.Port);
        await using var stream = socket.GetStream();
        using var reader = new StreamReader(stream);
        await SendAsync(stream, "POST /v1/payments/transfers:batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            + "application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
        await SendLineAsync(stream, Line(from, to, "1.00", "first"));
        (await AnswerAsync(reader)).ShouldContain("\"line\":1,\"status\":201");
        await SendLineAsync(stream, Line(from, to, "1.00", "second"));
        (await AnswerAsync(reader)).ShouldContain("\"line\":2,\"status\":201");
        await SendAsync(stream, "0\r\n\r\n");
        (await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30))).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_line_and_a_single_request_with_the_same_key_are_one_transfer()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(0));
        var single = await server.PostAsync("/v1/payments/transfers",
            Line(from, to, "1.00", "").Replace(",\"idempotencyKey\":\"\"", "", StringComparison.Ordinal), "shared");
        foreach (var same in (string[])["shared", " shared ", "\\\"shared\\\""])
        {
            var batch = await server.PostAsync("/v1/payments/transfers:batch", Line(from, to, "1.00", same), "",
                "application/x-ndjson");
            batch["transferId"].ShouldBe(single["transferId"]);
        }

        (await server.Bank.ReadAsync(to)).PostedMinor.ShouldBe(100);
    }

    private static async Task SendAsync(Stream stream, string text) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));

    private static Task SendLineAsync(Stream stream, string line) =>
        SendAsync(stream, $"{line.Length + 1:x}\r\n{line}\n\r\n");

    private static async Task<string> AnswerAsync(StreamReader reader)
    {
        while (true)
        {
            var line = (await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30))).ShouldNotBeNull();
            if (line.StartsWith('{')) return line;
        }
    }

    private static string Line(Guid from, Guid to, string amount, string key) =>
        $$"""{"from":"{{from}}","to":"{{to}}","amount":"{{amount}}","currency":"EUR","idempotencyKey":"{{key}}"}""";
}
