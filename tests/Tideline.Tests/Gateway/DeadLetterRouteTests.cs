using System.Net;
using System.Text;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Projections;

namespace Tideline.Tests.Gateway;

/// <summary>Dead letters of both kinds over HTTP, whatever is away.</summary>
public sealed class DeadLetterRouteTests
{
    private const string Path = "/v1/ops/dlq";

    [Fact]
    public async Task Messages_of_sagas_are_listed_replayed_and_discarded_while_the_views_are_not_open()
    {
        await using var server = await GatewayServer.StartAsync();
        await SetAsideAsync(server, 2);
        server.AreViewsOpen = false;
        var listed = await server.GetAsync(Path);
        listed.Status.ShouldBe(HttpStatusCode.OK, listed.Text);
        listed["leftOut"].ShouldStartWith("The list omits dead letters of projections: ");
        var keys = KeysOf(listed);
        keys.Length.ShouldBe(2);
        (await server.GetAsync($"{Path}/{keys[0]}")).Status.ShouldBe(HttpStatusCode.OK);
        (await server.PostAsync($"{Path}/{keys[0]}/replay", "{}")).Status.ShouldBe(HttpStatusCode.OK);
        var all = await server.PostAsync($"{Path}/replay", "{}");
        KeysOf(all).ShouldBe(keys, ignoreOrder: true);
        all["leftOut"].ShouldStartWith("The list omits dead letters of projections: ");
        foreach (var key in keys)
            (await server.PostAsync($"{Path}/{key}/discard", """{"reason":"A test"}"""))["discarded"].ShouldBe("1");
        KeysOf(await server.GetAsync(Path)).ShouldBeEmpty();
        // What is the views' own says that they are away.
        (await server.GetAsync($"{Path}/{server.Bank.Ledger.Ids.Next()}")).ShouldBeProblem("storage-unavailable", 503);
        server.AreViewsOpen = true;
        (await server.GetAsync(Path)).Json.GetProperty("leftOut").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task All_letters_of_both_kinds_are_replayed_page_by_page_each_once()
    {
        await using var server = await GatewayServer.StartAsync();
        Guid[] accounts = [await server.Bank.AccountAsync(0, 100), await server.Bank.AccountAsync(0, 100)];
        await server.CaughtUpAsync();
        var (customers, sources) = (new List<Guid>(), new SourceHistory(server.Bank.Ledger.Epochs));
        foreach (var happened in await server.Bank.Ledger.Reader(0).GetEventsAsync(0, 100, default))
        {
            if (!accounts.Contains(happened.Subject) || happened.Version != 2) continue;
            customers.Add(EventData.Parse(happened.Data.Span).CustomerId);
            await server.Projections["customers"].Letters.AppendAsync(
                [new DeadEvent(new ProjectedEvent(happened, sources), customers[^1].ToString(), "A test.")], default);
        }

        await SetAsideAsync(server, ProjectionLimits.ReplayKeys + 5);
        var (seen, cursor, pages) = (new List<Guid>(), "", 0);
        do
        {
            var page = await server.PostAsync($"{Path}/replay", cursor);
            var keys = KeysOf(page);
            keys.Length.ShouldBeLessThanOrEqualTo(ProjectionLimits.ReplayKeys);
            seen.AddRange(keys);
            cursor = page["nextCursor"] is { Length: > 0 } next ? $$"""{"cursor":"{{next}}"}""" : "";
            pages++;
        }
        while (cursor.Length > 0);
        pages.ShouldBe(2);
        seen.Take(2).ShouldBe(customers.Order());
        server.Projections["customers"].DeadLetters.List().ShouldBeEmpty();
        seen.Where(DerivedId.IsDerived).Distinct().Count().ShouldBe(ProjectionLimits.ReplayKeys + 5);
        seen.Distinct().Count().ShouldBe(seen.Count);
    }

    // Messages that nobody can handle, on both shards.
    private static async Task SetAsideAsync(GatewayServer server, int count)
    {
        for (var shard = 0; shard < 2; shard++)
        {
            var own = shard;
            var records = Enumerable.Range(0, count).Where(number => number % 2 == own).Select(number => new LogRecord(
                Topics.SagaCommands, own, 0, "foreign", number + 1, Guid.Empty, "ODD", Guid.Empty, 0, 0,
                Encoding.UTF8.GetBytes($"{{\"number\":{number}}}")));
            await server.Bank.Runner.HandleAsync(shard, [.. records], default);
        }
    }

    private static Guid[] KeysOf(Answer answer) =>
        [.. answer.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetGuid())];
}
