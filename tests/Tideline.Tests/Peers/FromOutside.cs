using System.Net;
using MySqlConnector;
using Tideline.Gateway.Peers;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Sagas;

namespace Tideline.Tests.Peers;

/// <summary>What tests of several processes do to them from outside.</summary>
internal static class FromOutside
{
    // As a client does: the same key until it is answered.
    public static async Task<Reply> RepeatAsync(Func<Task<Reply>> send)
    {
        while (true)
        {
            try
            {
                return await send();
            }
            catch (TidelineException fault) when (fault.IsTransient)
            {
                await Task.Delay(20);
            }
        }
    }

    public static async Task<HttpStatusCode> PostAsync(PeerNode node, int shard, string? secret, byte[] body)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post,
            $"{node.Owner.Address}/internal/shards/{shard}/commands")
        { Content = new ByteArrayContent(body) };
        if (secret is not null) request.Headers.TryAddWithoutValidation(PeerRoutes.SecretHeader, secret);
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    // Stands where the log stands: each process reads what is for its shard.
    public static async Task UntilAsync(PeerNode owner, Guid saga, SagaState state)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await owner.Ledger.Reader(1).GetSagaAsync(saga, late.Token))?.State != state)
            await Task.Delay(10, late.Token);
    }

    public static async Task ExecuteAsync(string sql)
    {
        await using var connection = new MySqlConnection(ClusterUnderTest.MySql);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    public static async Task PumpAsync(PeerNode[] owners, CancellationToken cancel)
    {
        var moved = new long[owners.Length];
        while (!cancel.IsCancellationRequested)
        {
            for (var shard = 0; shard < owners.Length; shard++)
            {
                foreach (var message in await owners[shard]
                    .Ledger.Reader(shard).GetMessagesAsync(moved[shard], 100, default))
                {
                    var record = new LogRecord(
                        Topics.SagaCommands, message.TargetShard, 0, $"saga-{shard}",
                        message.Seq, message.SagaId, message.Type, message.SagaId, 0, message.TimeUs, message.Data);
                    await owners[message.TargetShard].Runner.HandleAsync(message.TargetShard, [record], default);
                    moved[shard] = message.Seq;
                }
            }

            await Task.Delay(5, CancellationToken.None);
        }
    }
}
