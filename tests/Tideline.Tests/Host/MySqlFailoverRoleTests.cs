using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Tideline.Gateway.Door;
using Tideline.Host.Running;
using Tideline.Kernel;
using Tideline.Tests.Tools.Servers;
using Tideline.Tools.Drills.Failover;
using Tideline.Tools.Load;

namespace Tideline.Tests.Host;

/// <summary><c>up --roles failover</c> on real servers.</summary>
public sealed class MySqlFailoverRoleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_controllers_make_the_group_of_fresh_servers_once_and_one_takes_over_from_the_other()
    {
        OwnServer.SkipWhenEmbedded();
        using var folder = new TemporaryFolder("roles");
        await using var group = await StartGroupAsync(folder.Path);
        await using var one = await StartAsync(group);
        await using var other = await StartAsync(group);

        var (leader, standby) = await UntilAsync(async () => await LeadsAsync(one)
            ? (one, other)
            : await LeadsAsync(other) ? (other, one) : ((FailoverServer, FailoverServer)?)null);
        await UntilAsync(async () => (int)(await StatusAsync(leader))["followers"]! == 2 ? true : (bool?)null);
        var status = await StatusAsync(leader);
        ((long)status["term"]!, (string)status["primary"]!, status["refusal"])
            .ShouldBe((1L, group.Address["Server=".Length..].Split(',')[0], null));
        (await LeadsAsync(standby)).ShouldBeFalse();
        (await Http.GetStringAsync($"{leader.Address}/metrics", Cancel))
            .ShouldContain($"tideline_failover_followers{{group=\"{status["group"]}\"}} 2");

        await leader.DisposeAsync();
        await UntilAsync(async () => await LeadsAsync(standby) ? true : (bool?)null);
        ((long)(await StatusAsync(standby))["term"]!).ShouldBe(1L);
    }

    [Fact]
    public async Task Nobody_follows_while_there_is_no_primary_nor_more_than_are_left_when_there_is_another()
    {
        OwnServer.SkipWhenEmbedded();
        using var folder = new TemporaryFolder("roles");
        await using var group = await StartGroupAsync(folder.Path);
        await using var server = await StartAsync(group);
        await UntilAsync(async () => (int)(await StatusAsync(server))["followers"]! == 2 ? true : (bool?)null);
        var old = (string)(await StatusAsync(server))["primary"]!;

        await group.StrikeAsync(group.Find(old), Blow.Killed, Cancel);
        var told = await UntilAsync(async () => await StatusAsync(server) is var status && (string?)status["primary"]
            != old ? ((string?)status["primary"], (int)status["followers"]!) : ((string?, int)?)null, pollMs: 1);
        told.Item2.ShouldBeLessThanOrEqualTo(told.Item1 is null ? 0 : 1);
        await UntilAsync(async () => await StatusAsync(server) is var status
            && status["primary"] is not null && (int)status["followers"]! == 1 ? true : (bool?)null);
    }

    [Fact]
    public async Task An_address_that_is_no_group_is_refused()
    {
        var refused = await Should.ThrowAsync<TidelineException>(() => StartAsync("Server=one;User ID=ada"));
        refused.Code.ShouldBe(ErrorCode.InvalidInput);
        refused.Message.ShouldContain("no address names one");
    }

    private static Task<FailoverServer> StartAsync(MySqlGroup group) => StartAsync(group.Address);

    private static Task<FailoverServer> StartAsync(string address) =>
        FailoverServer.StartAsync([address], new IPEndPoint(IPAddress.Loopback, 0), HostNames.Loopback, false, Cancel);

    private static async Task<JsonNode> StatusAsync(FailoverServer server)
    {
        using var answer = await Http.GetAsync($"{server.Address}/health/ready", Cancel);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["groups"]![0]!;
    }

    private static async Task<bool> LeadsAsync(FailoverServer server) => (bool)(await StatusAsync(server))["leads"]!;

    private static async Task<T> UntilAsync<T>(Func<Task<T?>> look, int pollMs = 50)
        where T : struct
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limit);
        while (true)
        {
            if (await look() is { } found) return found;
            await Task.Delay(pollMs, limit.Token);
        }
    }

    private static async Task<MySqlGroup> StartGroupAsync(string folder)
    {
        try
        {
            return await MySqlGroup.StartAsync(folder, Cancel);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip($"A group of MySQL servers cannot be had here: {fault.Message}");
            throw;
        }
    }
}
