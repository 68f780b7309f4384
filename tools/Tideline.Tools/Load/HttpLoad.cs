using System.Globalization;
using System.Text;

namespace Tideline.Tools.Load;

/// <summary>Load on the real program over HTTP.</summary>
internal static class HttpLoad
{
    /// <summary>Makes customers, accounts and deposits through the public routes.</summary>
    /// <exception cref="IOException">The program refused one.</exception>
    public static async Task<AccountSet> OpenAccountsAsync(
        int port, int count, int shards, int connections, SeededRandom random, CancellationToken cancel)
    {
        var set = AccountSet.Draw(count, shards, random);
        var accounts = set.ByShard.SelectMany(shard => shard).ToArray();
        var customers = Enumerable.Range(
            0, (count + AccountSet.AccountsPerCustomer - 1) / AccountSet.AccountsPerCustomer)
            .Select(_ => random.NextGuid()).ToArray();
        for (var index = 0; index < count; index++)
            set.Owners.Add(accounts[index], customers[index / AccountSet.AccountsPerCustomer]);
        await EachAsync(port, customers.Length, connections, (connection, index) => ExpectAsync(
            connection, "/v1/customers", $"load-{customers[index]}", $$"""{"customerId":"{{customers[index]}}","name":"Load {{index}}","email":"load{{index}}@example.com","country":"DE"}""", cancel), cancel);
        await EachAsync(port, count, connections, async (connection, index) =>
        {
            var id = accounts[index];
            await ExpectAsync(connection, "/v1/accounts", $"open-{id}",
                $$"""{"accountId":"{{id}}","customerId":"{{set.Owners[id]}}","currency":"EUR"}""", cancel);
            await ExpectAsync(connection,
                $"/v1/accounts/{id}/deposits", $"fund-{id}", """{"amount":"1000000.00","currency":"EUR"}""", cancel);
        }, cancel);
        return set;
    }

    private static async Task EachAsync(
        int port, int count, int connections, Func<HttpConnection, int, Task> once, CancellationToken cancel)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => WorkAsync()));

        async Task WorkAsync()
        {
            using var connection = await HttpConnection.OpenAsync(port, cancel);
            int index;
            while ((index = Interlocked.Increment(ref next)) < count) await once(connection, index);
        }
    }

    /// <summary>Single transfers, each on its own request, over kept-alive connections.</summary>
    public static async Task<LoopResult> SinglesAsync(
        int port, int connections, LoadTime time,
        Func<SeededRandom, (Guid From, Guid To)> pair, ulong seed, CancellationToken cancel, double? perSecond = null)
    {
        var random = new SeededRandom(seed);
        var randoms = Enumerable.Range(0, connections).Select(_ => random.Fork()).ToArray();
        var opened = await Task.WhenAll(
            Enumerable.Range(0, connections).Select(_ => HttpConnection.OpenAsync(port, cancel).AsTask()));
        try
        {
            return await ClosedLoop.RunAsync(connections, time, async client =>
            {
                var own = randoms[client];
                await ExpectAsync(
                    opened[client], "/v1/payments/transfers", own.NextGuid().ToString(), Transfer(own, pair), cancel);
            }, cancel, perSecond);
        }
        finally
        {
            foreach (var connection in opened) connection.Dispose();
        }
    }

    /// <summary>NDJSON batches of <paramref name="lines"/>; each run of the loop is one batch.</summary>
    public static async Task<LoopResult> BatchesAsync(
        int port, int connections,
        int lines, LoadTime time, Func<SeededRandom, (Guid From, Guid To)> pair, ulong seed, CancellationToken cancel)
    {
        var random = new SeededRandom(seed);
        var randoms = Enumerable.Range(0, connections).Select(_ => random.Fork()).ToArray();
        var opened = await Task.WhenAll(
            Enumerable.Range(0, connections).Select(_ => HttpConnection.OpenAsync(port, cancel).AsTask()));
        try
        {
            return await ClosedLoop.RunAsync(connections, time, async client =>
            {
                var answer = await opened[client].SendAsync("POST", "/v1/payments/transfers:batch",
                    null, Batch(randoms[client], lines, pair), "application/x-ndjson", cancel);
                var settled = answer.Body.AsSpan().Count("\"status\":201"u8);
                if (answer.Status != 200 || settled != lines) throw new IOException($"A batch of {lines} answered "
                    + $"{answer.Status} with {settled} settled: {answer.Text[..Math.Min(400, answer.Text.Length)]}");
            }, cancel);
        }
        finally
        {
            foreach (var connection in opened) connection.Dispose();
        }
    }

    private static byte[] Batch(SeededRandom random, int lines, Func<SeededRandom, (Guid From, Guid To)> pair)
    {
        var text = new StringBuilder(lines * 220);
        for (var line = 0; line < lines; line++)
            text.Append(Transfer(random, pair, $",\"idempotencyKey\":\"{random.NextGuid()}\"")).Append('\n');
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>The JSON of a small transfer.</summary>
    public static string Transfer(SeededRandom random, Func<SeededRandom, (Guid From, Guid To)> pair, string more = "")
    {
        var (from, to) = pair(random);
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"from":"{{from}}","to":"{{to}}","amount":"0.{{10 + random.Below(90)}}","currency":"EUR"{{more}}}""");
    }

    private static async Task ExpectAsync(
        HttpConnection connection, string path, string key, string body, CancellationToken cancel)
    {
        var answer = await connection.PostAsync(path, key, body, cancel);
        if (answer.Status != 201) throw new IOException($"{path} answered {answer.Status}: {answer.Text}");
    }
}
