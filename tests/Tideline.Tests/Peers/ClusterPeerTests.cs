using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Peers;

/// <summary>
/// Two real processes of the cluster profile, each with a shard of its own, and clients that do not care which they
/// ask.
/// </summary>
public sealed class ClusterPeerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly HttpClient _client = new() { Timeout = Limit };
    private readonly int[] _ports = [LoopbackPort.Next(), LoopbackPort.Next()];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Both_are_ready_answer_for_both_shards_and_carry_transfers_across_them()
    {
        using var folder = new TemporaryFolder("peers");
        await using var installation = new Installation(
            Path.Combine(folder.Path, "load"), shards: 2, ClusterUnderTest.Require());
        var accounts = (await installation.LoadAccountsAsync(8, new SeededRandom(1), TimeProvider.System, Cancel))
            .ByShard;
        var program = HostProgram.Find(null);
        using var even = ServerProcess.Start(
            program, installation, _ports[0], dataFolder: Path.Combine(folder.Path, "even"), variables: Own("0"));
        using var odd = ServerProcess.Start(
            program, installation, _ports[1], dataFolder: Path.Combine(folder.Path, "odd"), variables: Own("1"));
        foreach (var node in (ServerProcess[])[even, odd])
            (await node.WaitReadyAsync(Limit, Cancel)).ShouldNotBeNull(node.LastWords);
        for (var node = 0; node < 2; node++)
        {
            await UntilAsync(node, "/v1/ops/shards",
                shards => Enumerable.Range(0, 2).All(shard => $"{shards["items"]![shard]!["owner"]}".EndsWith(
                    $"(http://127.0.0.1:{_ports[shard]})", StringComparison.Ordinal)));
            await UntilAsync(node, "/health/ready",
                ready => $"{ready["status"]}" == "ready" && $"{ready["checks"]![1 - node]!["detail"]}".StartsWith(
                    "owned by process ", StringComparison.Ordinal));
        }

        for (var node = 0; node < 2; node++)
        {
            foreach (var (from, to) in ((int, int)[])[(0, 1), (1, 0), (0, 0), (1, 1)])
            {
                var body = $$"""{"from":"{{accounts[from][0]}}","to":"{{accounts[to][1]}}","amount":"1.00","currency":"EUR"}""";
                var key = string.Create(CultureInfo.InvariantCulture, $"{node}-{from}-{to}");
                var (status, transfer, _) = await PostAsync(node, "/v1/payments/transfers", key, body);
                status.ShouldBe(HttpStatusCode.Created, transfer.ToJsonString());
                // The other process knows the key.
                var (_, again, _) = await PostAsync(1 - node, "/v1/payments/transfers", key, body);
                $"{again["transferId"]}".ShouldBe($"{transfer["transferId"]}");
            }

            // Who was told of a write sees it at once, here and there.
            var (_, customer, token) = await PostAsync(
                node, "/v1/customers", string.Create(CultureInfo.InvariantCulture, $"customer-{node}"),
                """{"name":"Ada","email":"ada@example.com","country":"DE"}""");
            for (var reader = 0; reader < 2; reader++)
            {
                using var request = new HttpRequestMessage(
                    HttpMethod.Get, Url(reader, $"/v1/customers/{customer["customerId"]}"));
                request.Headers.Add("Tideline-Consistency", "session");
                request.Headers.Add("Tideline-Token", token);
                using var answer = await _client.SendAsync(request, Cancel);
                answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Cancel));
            }
        }

        using var stranger = await _client.PostAsync(
            Url(0, "/internal/shards/0/commands"), new ByteArrayContent([]), Cancel);
        stranger.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await even.StopAsync(Limit)).ShouldBeTrue(even.LastWords);
        await UntilAsync(1, "/health/ready", ready => $"{ready["status"]}" == "ready");
        var (left, alone, _) = await PostAsync(
            1, "/v1/customers", "alone", """{"name":"Ada","email":"ada@example.com","country":"DE"}""");
        left.ShouldBe(HttpStatusCode.Created, alone.ToJsonString());
        (await odd.StopAsync(Limit)).ShouldBeTrue(odd.LastWords);
    }

    private Uri Url(int node, string path) => new($"http://127.0.0.1:{_ports[node]}{path}");

    private async Task<(HttpStatusCode Status, JsonNode Body, string Token)> PostAsync(
        int node, string path, string key, string body)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, Url(node, path))
        { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", key);
        using var answer = await _client.SendAsync(request, Cancel);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!,
            answer.Headers.TryGetValues("Tideline-Token", out var token) ? token.Single() : "");
    }

    private async Task UntilAsync(int node, string path, Func<JsonNode, bool> isSo)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        late.CancelAfter(Limit);
        while (true)
        {
            using var answer = await _client.GetAsync(Url(node, path), late.Token);
            if (isSo(JsonNode.Parse(await answer.Content.ReadAsStringAsync(late.Token))!)) return;
            await Task.Delay(50, late.Token);
        }
    }

    private static Dictionary<string, string> Own(string shards) => new() { ["TIDELINE_OWN"] = shards };
}
