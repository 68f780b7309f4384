using System.Net;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Gateway.Http;

/// <summary>
/// Every route that submits a command is answered within the limit, when the reads before and after the command hang,
/// too.
/// </summary>
public sealed class CommandLimitTests
{
    private const string Saga = "0197a1b2-0000-7000-8000-0000000000f2";
    private const string Letter = "0197a1b2-0000-8000-8000-0000000000f2";

    [Theory]
    [InlineData("POST", $"/v1/ops/sagas/{Saga}/retry", "{}", nameof(IShardReader.GetAggregateAsync))]
    [InlineData("POST", $"/v1/ops/sagas/{Saga}/compensate", "{}", nameof(IShardReader.GetAggregateAsync))]
    [InlineData("POST", $"/v1/ops/sagas/{Saga}/payout", "{}", nameof(IShardReader.GetAggregateAsync))]
    [InlineData("POST", $"/v1/ops/dlq/{Letter}/replay", "{}", nameof(IShardReader.GetAggregateAsync))]
    [InlineData(
        "POST", $"/v1/ops/dlq/{Letter}/discard", """{"reason":"A test"}""", nameof(IShardReader.GetAggregateAsync))]
    [InlineData("POST", "/v1/ops/dlq/replay", "{}", nameof(IShardReader.GetAggregatesAsync))]
    [InlineData("PATCH", "/v1/accounts/{account}", """{"status":"frozen"}""", nameof(IShardReader.GetAccountAsync))]
    [InlineData("POST", "/v1/holds/{account}/release", "{}", nameof(IShardReader.GetHoldAsync))]
    [InlineData("POST", "/v1/holds/{account}/capture", "{}", nameof(IShardReader.GetHoldAsync))]
    public async Task A_command_whose_reads_hang_is_answered_503(string method, string path, string body, string read)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        FaultyStore faults = null!;
        await using var server = await GatewayServer.StartAsync(store => faults = new FaultyStore(store), time: time);
        var account = await server.Bank.AccountAsync(0, 100);
        var hang = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        faults.BeforeRead = (_, name) => name == read ? hang.Task : null;
        try
        {
            var answer = server.PostAsync(
                path.Replace("{account}", $"{account}", StringComparison.Ordinal),
                body, method: new HttpMethod(method));
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (!answer.IsCompleted)
            {
                time.Advance(TimeSpan.FromMilliseconds(Limits.CommandAnswerMs));
                await Task.Delay(20, late.Token);
            }

            (await answer).ShouldBeProblem("storage-unavailable", 503);
            (await answer)["detail"].ShouldContain($"was not answered within {Limits.CommandAnswerMs} ms");
        }
        finally
        {
            hang.SetResult();
        }

        faults.BeforeRead = null;
        (await server.GetAsync($"/v1/accounts/{account}")).Status.ShouldBe(HttpStatusCode.OK);
    }
}
