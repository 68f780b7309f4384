using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Engines.Views.Mongo;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>How fresh reads are asked for, and what answers queries.</summary>
public sealed class MongoReadTests : MongoLineStage
{
    [Fact]
    public async Task A_read_sees_the_writes_of_its_process_wherever_the_primary_is()
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel);
        await Store.ReadAsync(People.Name, ["a"], Cancel);
        var first = FindsOf(People.Name).Last()["readConcern"];
        first["level"].ShouldBe("majority");
        await Store.WriteAsync(People.Name, [Person("b", 0, 1)], Cancel);
        await Store.ReadAsync(People.Name, ["b"], Cancel);
        FindsOf(People.Name).Last()["readConcern"]["afterClusterTime"].ShouldBeGreaterThan(first["afterClusterTime"]);
    }

    [Fact]
    public async Task Whoever_reads_a_watermark_then_sees_what_it_covers()
    {
        await using var projector = await Views.OpenAsync();
        await projector.WriteBatchAsync([new CollectionWrites(People.Name, [Person("a", 0, 1)], MustApply: true)],
            [new WatermarkMove("views", 0, new Watermark(1, 1))], Cancel);
        (await Store.GetWatermarkAsync("views", 0, Cancel)).Seq.ShouldBe(1);
        var known = FindsOf("tl_watermarks").Last()["readConcern"]["afterClusterTime"];
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).Count.ShouldBe(1);
        FindsOf(People.Name).Last()["readConcern"]["afterClusterTime"].ShouldBeGreaterThan(known);
    }

    [Fact]
    public async Task A_nearest_read_waits_for_nothing_and_asks_for_no_majority()
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel);
        await Store.Nearest.ReadAsync(People.Name, ["a"], Cancel);
        var find = FindsOf(People.Name).Last();
        (find["readConcern"], find["$readPreference"]).ShouldBe(
            (new BsonDocument("level", "local"),
                new BsonDocument
                {
                    ["mode"] = "nearest",
                    ["maxStalenessSeconds"] = MongoLimits.NearestStalenessSeconds
                }));
    }

    [Fact]
    public async Task A_query_names_the_index_that_gives_its_page_in_order()
    {
        await Store.EnsureCollectionAsync(
            new CollectionDefinition("moves_v1", [["customer", "at"]], LogChanges: false), Cancel);
        var equal = new Dictionary<string, object> { ["customer"] = "c" };
        await Store.QueryAsync(
            new DocumentQuery("moves_v1", equal, "at", null, 9L, Descending: true, [], null, (5L, "x"), 7), Cancel);
        var find = FindsOf("moves_v1").Last();
        var index = new BsonDocument { ["customer"] = 1, ["at"] = 1, ["_id"] = 1 };
        (find["hint"], find["sort"], find["limit"])
            .ShouldBe((index, new BsonDocument { ["at"] = -1, ["_id"] = -1 }, 7));
        using var cursor = await Views.Database.GetCollection<BsonDocument>("moves_v1").Indexes.ListAsync(Cancel);
        (await cursor.ToListAsync(Cancel)).Select(each => each["key"]).ShouldContain(index);
    }

    [Fact]
    public async Task A_read_whose_line_breaks_once_is_asked_again()
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel);
        Lose("find", 1);
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_server_a_read_says_so_and_the_next_one_finds_it_again()
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel);
        Line.Cut();
        var fault = await Should.ThrowAsync<TidelineException>(
            async () => await Store.ReadAsync(People.Name, ["a"], Cancel));
        (fault.Code, fault.IsTransient).ShouldBe((ErrorCode.StorageUnavailable, true));
        Line.Mend();
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_document_of_many_pages_is_read_whole()
    {
        var text = new string('ä', 3_000_000);
        await Store.WriteAsync(People.Name, [Person("a", 0, 1, text), Person("b", 0, 1)], Cancel);
        var found = await Store.ReadAsync(People.Name, ["a", "b"], Cancel);
        System.Text.Json.JsonDocument.Parse(found[0].Json).RootElement.GetProperty("city").GetString().ShouldBe(text);
        found[1].Id.ShouldBe("b");
    }

    [Fact]
    public async Task A_closed_store_says_that_it_is_closed()
    {
        await Store.DisposeAsync();
        (await Should.ThrowAsync<TidelineException>(async () => await Store.ReadAsync(People.Name, ["a"], Cancel)))
            .Code.ShouldBe(ErrorCode.ShuttingDown);
    }

    private IEnumerable<BsonDocument> FindsOf(string collection) =>
        Commands("find").Where(command => command["find"] == collection);
}
