using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Gateway;

namespace Tideline.Tests.Gateway;

/// <summary>Clients of a batch that send without reading, stand still or leave.</summary>
public sealed class BatchStreamTests
{
    private const string Head = "POST /v1/payments/transfers:batch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

    // Refused by name, without a transfer: cheap for the server, and long each way.
    private static readonly byte[] LongLines =
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"{{\"x\":\"{new string('x', 500)}\"}}\n", 1_000)));

    [Fact]
    public async Task A_client_that_sends_everything_before_it_reads_gets_every_answer()
    {
        await using var server = await GatewayServer.StartAsync();
        await using var client = await RawConnection.OpenAsync(server.Client.BaseAddress!.Port);
        await client.SendAsync(Head);
        // Far more than what sockets and the lines in flight hold, each way.
        const int lines = 40_000;
        for (var sent = 0; sent < lines; sent += 1_000) await client.SendChunkAsync(LongLines);
        await client.SendAsync("0\r\n\r\n");
        // Without what stands between the chunks of the answer.
        var answers = Regex.Replace((await client.ReadToEndAsync()).Split("\r\n\r\n", 2)[1], "(^|\r\n)[0-9a-f]+\r\n",
            "").TrimEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        answers.Select(line => line[.."{\"line\":12345".Length].Split(':', ',')[1])
            .ShouldBe(Enumerable.Range(1, lines).Select(line => $"{line}"));
    }

    [Fact]
    public async Task A_client_that_never_reads_is_left_when_nothing_moves()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var server = await GatewayServer.StartAsync(time: time);
        await using var client = await RawConnection.OpenAsync(server.Client.BaseAddress!.Port);
        await client.SendAsync(Head);
        var sending = Task.Run(async () =>
        {
            while (true) await client.SendChunkAsync(LongLines);
        });
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (!sending.IsCompleted)
        {
            await Task.Delay(200, late.Token);
            time.Advance(TimeSpan.FromMilliseconds(GatewayLimits.BatchStillMs));
        }

        (await Should.ThrowAsync<Exception>(() => sending)).ShouldBeOfType<IOException>();
        (await server.GetAsync("/health/live")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_client_that_sends_nothing_more_is_told_and_the_batch_ends()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var server = await GatewayServer.StartAsync(time: time);
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(1));
        await using var client = await RawConnection.OpenAsync(server.Client.BaseAddress!.Port);
        await client.SendAsync(Head);
        await client.SendChunkAsync(Encoding.ASCII.GetBytes(Line(from, to, "first")));
        (await client.JsonLineAsync()).ShouldContain("\"line\":1,\"status\":201");
        var next = client.JsonLineAsync();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!next.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(GatewayLimits.BatchStillMs));
            await Task.Delay(50, late.Token);
        }

        (await next).ShouldStartWith("{\"line\":2,\"type\":\"https://tideline.dev/problems/request-timeout\"");
        await client.ReadToEndAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_in_the_middle_is_no_fault_and_what_it_sent_is_carried_out(bool resets)
    {
        using var logs = new KeptLogs();
        await using var server = await GatewayServer.StartAsync(logs: logs);
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000_000),
            new[] { await server.Bank.AccountAsync(0), await server.Bank.AccountAsync(1) });
        for (var client = 0; client < 5; client++)
        {
            var connection = await RawConnection.OpenAsync(server.Client.BaseAddress!.Port);
            await connection.SendAsync(Head);
            var lines = string.Concat(Enumerable.Range(0, 500)
                .Select(line => Line(from, to[line % 2], $"{client}-{line}")));
            await connection.SendChunkAsync(Encoding.ASCII.GetBytes(lines));
            await connection.JsonLineAsync();
            if (resets) connection.Reset();
            await connection.DisposeAsync();
        }

        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (Ended((await server.GetAsync("/metrics")).Text) < 5) await Task.Delay(20, late.Token);
        (await server.GetAsync("/metrics")).Text.ShouldContain("tideline_transfers_total{outcome=\"failed\"} 0\n");
        foreach (var client in Enumerable.Range(0, 5))
            (await server.PostAsync("/v1/payments/transfers:batch", Line(from, to[0], $"{client}-0"), "",
                "application/x-ndjson"))["status"].ShouldBe("201");
        // The first lines were answered, so they were carried out, and once: whatever else was read is whole.
        var moved = (await server.Bank.ReadAsync(to[0])).PostedMinor + (await server.Bank.ReadAsync(to[1])).PostedMinor;
        moved.ShouldBeGreaterThanOrEqualTo(500);
        (await server.Bank.ReadAsync(from)).PostedMinor.ShouldBe(10_000_000 - moved);
        await server.Bank.ShouldAddUpAsync();
        logs.Warnings.ShouldBeEmpty();
    }

    private static int Ended(string metrics) => metrics.Split('\n')
        .Where(line => line.StartsWith("tideline_http_requests_total",
            StringComparison.Ordinal) && line.Contains("transfers:batch", StringComparison.Ordinal))
        .Sum(line => int.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));

    private static string Line(Guid from, Guid to, string key) =>
        $$"""{"from":"{{from}}","to":"{{to}}","amount":"1.00","currency":"EUR","idempotencyKey":"{{key}}"}""" + "\n";
}
