using System.Text;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

/// <summary>What every engine of the view tier must do: documents, watermarks, states, definitions.</summary>
public abstract class ViewStoreContract<TSource> : ViewStoreStage<TSource>
    where TSource : IViewStoreSource, new()
{
    [Fact]
    public async Task A_document_is_inserted_once_and_replaced_only_at_its_revision()
    {
        (await WriteAsync(Person("a", 0, 1))).ShouldBeTrue();
        (await WriteAsync(Person("a", 0, 1))).ShouldBeFalse();
        (await WriteAsync(Person("a", 1, 2, city: "Bern"))).ShouldBeTrue();
        (await WriteAsync(Person("a", 1, 2, city: "Rome"))).ShouldBeFalse();
        var document = (await Store.ReadAsync(People.Name, ["a", "b"], Cancel)).ShouldHaveSingleItem();
        document.Revision.ShouldBe(2);
        Encoding.UTF8.GetString(document.Json.Span).ShouldContain("Bern");
    }

    [Fact]
    public async Task A_delete_is_guarded_too()
    {
        await WriteAsync(Person("a", 0, 1));
        (await WriteAsync(Gone("a", 7))).ShouldBeFalse();
        (await WriteAsync(Gone("b", 1))).ShouldBeFalse();
        (await WriteAsync(Gone("a", 1))).ShouldBeTrue();
        (await WriteAsync(Gone("a", 1))).ShouldBeFalse();
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_document_is_never_replaced_where_there_is_none()
    {
        (await WriteAsync(Person("a", 3, 4))).ShouldBeFalse();
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_revision_must_grow()
    {
        await WriteAsync(Person("a", 0, 5));
        (await Should.ThrowAsync<TidelineException>(() => WriteAsync(Person("a", 5, 5))))
            .Code.ShouldBe(ErrorCode.InvalidInput);
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).ShouldHaveSingleItem().Revision.ShouldBe(5);
    }

    [Fact]
    public async Task A_mixed_bulk_tells_exactly_which_of_its_writes_were_applied()
    {
        await Store.WriteAsync(People.Name, [.. Enumerable.Range(0, 60).Select(at => Person($"p{at}", 0, 1))], Cancel);
        // Every third guard is wrong: replacements of p0 to p29, deletes of p30 to p59, inserts of p50 to p89, of which
        // p50 and p51 are there.
        DocumentWrite[] writes =
        [
            .. Enumerable.Range(0, 30).Select(at => Person($"p{at}", at % 3 == 0 ? 7 : 1, 8, city: "Bern")),
            .. Enumerable.Range(30, 20).Select(at => Gone($"p{at}", at % 3 == 0 ? 7 : 1)),
            .. Enumerable.Range(50, 40).Select(at => Person($"p{at}", 0, 1, city: "Rome")),
        ];
        bool[] expected =
            [.. Enumerable.Range(0, 50).Select(at => at % 3 != 0), .. Enumerable.Range(50, 40).Select(at => at >= 60)];
        (await Store.WriteAsync(People.Name, writes, Cancel)).ShouldBe(expected);
        var found = (await Store.ReadAsync(People.Name, [.. writes.Select(write => write.Id)], Cancel))
            .ToDictionary(document => document.Id, document => document.Revision);
        foreach (var (write, applied) in writes.Zip(expected)) found.GetValueOrDefault(write.Id)
            .ShouldBe(write.Json is null ? (applied ? 0 : 1) : applied ? write.Revision : 1);
    }

    [Fact]
    public async Task Two_writes_of_one_document_count_in_their_order()
    {
        DocumentWrite[] writes = [Person("a", 0, 1), Person("b", 0, 1),
            Person("a", 1, 2, city: "Bern"), Gone("b", 1), Person("a", 1, 2, city: "Rome"), Person("b", 0, 5)];
        (await Store.WriteAsync(People.Name, writes, Cancel)).ShouldBe([true, true, true, true, false, true]);
        (await Store.ReadAsync(People.Name, ["a", "b"], Cancel))
            .Select(document => document.Revision).ShouldBe([2L, 5L]);
        (await QueryAsync("Bern")).ShouldBe(["a"]);
    }

    [Fact]
    public async Task More_documents_than_one_bulk_carries_are_written_and_read_in_the_order_asked()
    {
        var ids = Enumerable.Range(0, 6_000).Select(at => $"n{at}").ToArray();
        (await Store.WriteAsync(Notes.Name, [.. ids.Select(id => Note(id))], Cancel)).ShouldAllBe(applied => applied);
        string[] asked = [.. ids.Reverse(), "missing"];
        (await Store.ReadAsync(Notes.Name, asked, Cancel)).Select(document => document.Id).ShouldBe(asked[..^1]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"b":1,"a":{"z":[],"y":{},"x":null},"c":[true,false,null,[1,[2]],{"k":"v"}]}""")]
    [InlineData("""{"least":-9223372036854775808,"most":9223372036854775807,"zero":0,"beyond":9223372036854775808,"sum":-79228162514264337593543950335}""")]
    [InlineData("""{"half":0.5,"scale":1.50,"small":0.000001,"minus":-0,"large":1E+3,"exponent":1e3,"wide":123456789012345678901234567890123456789012345}""")]
    [InlineData("""{"text":"Z\u00FCrich \u2192 \uD83D\uDE00","control":"\u0000\u0001\n\t\u0022\\","empty":""}""")]
    [InlineData("""{"\u00E4":1,"":2,"a.b":3,"$set":4,"\u0000":5,"_id":6,"_tl":{"rev":9},"019aad7e-0000-7000-8000-000000000001":7}""")]
    [InlineData("""[1,2]""")]
    [InlineData("""{"half of a pair":"\uD83D"}""")]
    public async Task A_document_comes_back_as_it_was_written(string json)
    {
        var write = new DocumentWrite("a",
            0, 1, Encoding.UTF8.GetBytes(json), new Dictionary<string, object?> { ["city"] = "Bern", ["age"] = 3L });
        (await Store.WriteAsync(People.Name, [write], Cancel)).ShouldBe([true]);
        Encoding.UTF8.GetString((await Store.ReadAsync(People.Name, ["a"], Cancel)).ShouldHaveSingleItem().Json.Span)
            .ShouldBe(json);
    }

    [Theory]
    [InlineData("""{"owner":"019aad7e-0000-7000-8000-00000000000a","currency":"EUR","amountMinor":-1234}""")]
    [InlineData("""{"owner":"019AAD7E-0000-7000-8000-00000000000A","currency":"?","amountMinor":0.5}""")]
    [InlineData("""{"owner":7,"day":null,"amountMinor":9223372036854775808,"currency":"JPY","atUs":"soon"}""")]
    [InlineData("""{"day":"2026-01-31","amountMinor":-0,"currency":"EUR"}""")]
    [InlineData("""{"day":"2026-02-30","amountMinor":1e3,"currency":"EUR"}""")]
    [InlineData("""{"bookedUs":1795435200123456,"booked":"2026-11-23T12:00:00.123456+00:00"}""")]
    [InlineData("""{"bookedUs":1795435200123456,"booked":"2026-11-23T12:00:00.123457Z"}""")]
    [InlineData("""{"booked":"2026-11-23T12:00:00Z","bookedUs":1795435200000000,"atUs":1795435200123456}""")]
    [InlineData("""{"time":"2026-11-23T12:00:00+00:00","data":"++8=","amountMinor":7}""")]
    [InlineData("""{"time":"2026-11-23T12:00:00.5+00:00","data":"eyJhIjoxfQ","amountMinor":7,"currency":"KWD"}""")]
    [InlineData("""{"currency":"EUR","parts":{"a":{"inMinor":1},"b":{"inMinor":2,"currency":"JPY"}}}""")]
    [InlineData("""{"currency":"EUR","parts":{"c":[{"inMinor":3}],"d":[[{"inMinor":4}]],"inMinor":5}}""")]
    [InlineData("""{"parts":{"a":{"inMinor":1}},"currency":"EUR"}""")]
    [InlineData("""{"list":[{"id":"019aad7e-0000-7000-8000-000000000001"},{"id":null},"id"]}""")]
    [InlineData("""{"amountMinor":1,"currency":"EUR","amount":2}""")]
    [InlineData("""{"at":"x","atUs":-1}""")]
    public async Task A_document_with_types_comes_back_as_it_was_written(string json)
    {
        var values = new Dictionary<string, object?> { ["owner"] = "x", ["day"] = "2026-01-31" };
        var write = new DocumentWrite("a", 0, 1, Encoding.UTF8.GetBytes(json), values);
        (await Store.WriteAsync(Moves.Name, [write], Cancel)).ShouldBe([true]);
        var found = (await Store.ReadAsync(Moves.Name, ["a"], Cancel)).ShouldHaveSingleItem();
        found.Damage.ShouldBeNull();
        Encoding.UTF8.GetString(found.Json.Span).ShouldBe(json);
    }

    [Fact]
    public async Task A_published_name_leads_to_the_newest_collection_and_is_none_itself()
    {
        foreach (var name in new[] { People.Name, Notes.Name, Notes.Name })
        {
            if (await Store.PublishAsync("stable", name, Cancel) is not { } why) continue;
            why.ShouldEndWith(".");
            (await Store.ListCollectionsAsync(Cancel)).ShouldNotContain("stable");
            Assert.Skip(why);
        }

        (await Store.ListCollectionsAsync(Cancel)).ShouldNotContain("stable");
        (await Should.ThrowAsync<TidelineException>(async () => await Store.PublishAsync("stable", "none_v1", Cancel)))
            .Code.ShouldBe(ErrorCode.NotFound);
        (await Should.ThrowAsync<TidelineException>(async () => await Store.PublishAsync("a b", Notes.Name, Cancel)))
            .Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Theory]
    [InlineData("")]
    [InlineData("People")]
    [InlineData("people\n")]
    [InlineData("a\"; DROP TABLE x; --")]
    [InlineData("tl_states")]
    public async Task A_name_that_is_none_makes_no_collection(string name) =>
        (await Should.ThrowAsync<TidelineException>(async () => await Store.EnsureCollectionAsync(
            new CollectionDefinition(name, [], false), Cancel))).Code.ShouldBe(ErrorCode.InvalidInput);

    [Fact]
    public async Task A_collection_keeps_the_definition_that_it_was_made_with()
    {
        await WriteAsync(Person("a", 0, 1));
        await Store.EnsureCollectionAsync(People with { Indexes = [["email"], ["city", "age"]] }, Cancel);
        foreach (var other in new[] { People with { LogChanges = false }, People with { Indexes = [["email"]] } })
            (await Should.ThrowAsync<TidelineException>(async () => await Store.EnsureCollectionAsync(other, Cancel)))
                .Code.ShouldBe(ErrorCode.IncompatibleData);
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_batch_moves_its_watermark_only_when_what_must_apply_did()
    {
        var move = new WatermarkMove("views", 3, new Watermark(10, 77));
        var bad = await Store.WriteBatchAsync([new CollectionWrites(
            People.Name, [Person("a", 5, 6), Person("b", 0, 1)], MustApply: true)], [move], Cancel);
        bad[0].ShouldBe([false, true]);
        (await Store.GetWatermarkAsync("views", 3, Cancel)).Seq.ShouldBe(0);
        await Store.WriteBatchAsync(
            [new CollectionWrites(People.Name, [Person("b", 0, 1)], MustApply: false)], [move], Cancel);
        (await Store.GetWatermarkAsync("views", 3, Cancel)).ShouldBe(new Watermark(10, 77));
        (await Store.GetWatermarkAsync("views", 2, Cancel)).Seq.ShouldBe(0);
    }

    [Fact]
    public async Task A_batch_that_a_crash_had_written_already_moves_its_watermark()
    {
        CollectionWrites[] groups =
        [
            new(Notes.Name, [.. Enumerable.Range(0, 100).Select(at => Note($"n{at}"))], MustApply: false),
            new(People.Name, [], MustApply: true),
        ];
        (await Store.WriteBatchAsync(groups, [], Cancel))[0].ShouldAllBe(applied => applied);
        (await Store.WriteBatchAsync(groups, [new WatermarkMove("views", 0, new Watermark(100, 1))], Cancel))[0]
            .ShouldAllBe(applied => !applied);
        (await Store.GetWatermarkAsync("views", 0, Cancel)).Seq.ShouldBe(100);
    }

    [Fact]
    public async Task A_watermark_that_the_store_has_lost_is_not_moved_on()
    {
        await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(10, 77))], Cancel);
        await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(12, 79), From: 10)], Cancel);
        // A repeat, whose first attempt was carried out.
        await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(12, 79), From: 10)], Cancel);
        foreach (var shard in (int[])[0, 1])
        {
            (await Should.ThrowAsync<TidelineException>(async () => await Store.WriteBatchAsync(
                [], [new WatermarkMove("views", shard, new Watermark(20, 99), From: 13)], Cancel)))
                .Code.ShouldBe(ErrorCode.NotFound);
        }

        (await Store.GetWatermarkAsync("views", 0, Cancel)).ShouldBe(new Watermark(12, 79));
        (await Store.GetWatermarkAsync("views", 1, Cancel)).ShouldBe(default);
    }

    [Fact]
    public async Task A_batch_never_moves_a_watermark_back_and_setting_it_does()
    {
        await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(10, 77)),
            new WatermarkMove("views", 1, new Watermark(1, 1))], Cancel);
        await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(9, 76))], Cancel);
        (await Store.GetWatermarkAsync("views", 0, Cancel)).ShouldBe(new Watermark(10, 77));
        await Store.SetWatermarkAsync("views", 0, default, 0, Cancel);
        (await Store.GetWatermarkAsync("views", 0, Cancel)).ShouldBe(default);
        (await Store.GetWatermarkAsync("views", 1, Cancel)).ShouldBe(new Watermark(1, 1));
    }

    [Fact]
    public async Task What_was_written_is_there_after_reopening()
    {
        await WriteAsync(Person("a", 0, 1, city: "Bern"));
        await Store.SetStateAsync("mine", "{}"u8.ToArray(), 0, Cancel);
        await Store.SetStateAsync("mine", """{"version":2,"keys":{"7":[1]}}"""u8.ToArray(), 0, Cancel);
        await Store.DisposeAsync();
        await OpenAsync();
        (await QueryAsync("Bern")).ShouldBe(["a"]);
        (await Store.GetStateAsync("mine", Cancel)).ShouldBe("""{"version":2,"keys":{"7":[1]}}"""u8.ToArray());
        await Store.SetStateAsync("mine", null, 0, Cancel);
        await Store.SetStateAsync("mine", null, 0, Cancel);
        (await Store.GetStateAsync("mine", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task A_dropped_collection_is_gone_and_can_be_made_anew()
    {
        await WriteAsync(Person("a", 0, 1));
        await Store.DropCollectionAsync(People.Name, Cancel);
        await Store.DropCollectionAsync(People.Name, Cancel);
        (await Should.ThrowAsync<TidelineException>(async () => await Store.ReadAsync(People.Name, ["a"], Cancel)))
            .Code.ShouldBe(ErrorCode.NotFound);
        await Store.EnsureCollectionAsync(People with { LogChanges = false }, Cancel);
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Concurrent_writers_of_one_document_win_once_per_revision()
    {
        var writers = Enumerable.Range(0, 16).Select(_ => Task.Run(() => WriteAsync(Person("a", 0, 1))));
        (await Task.WhenAll(writers)).Count(applied => applied).ShouldBe(1);
    }

    [Fact]
    public async Task What_a_later_epoch_wrote_an_earlier_one_does_not_write_over()
    {
        await Store.SetStateAsync("mine", "{}"u8.ToArray(), 7, Cancel);
        await Store.SetWatermarkAsync("views", 0, new Watermark(5, 50), 7, Cancel);
        await FencedAsync(async () => await Store.SetStateAsync("mine", "[1]"u8.ToArray(), 6, Cancel));
        await FencedAsync(async () => await Store.SetWatermarkAsync("views", 0, new Watermark(9, 90), 6, Cancel));
        await FencedAsync(
            async () =>
                await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(9, 90), 6)], Cancel));
        (await Store.GetStateAsync("mine", Cancel)).ShouldBe("{}"u8.ToArray());
        (await Store.GetWatermarkAsync("views", 0, Cancel)).ShouldBe(new Watermark(5, 50));

        await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(9, 90), 8)], Cancel);
        await FencedAsync(
            async () =>
                await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(10, 100), 7)], Cancel));
        await Store.SetStateAsync("mine", "[8]"u8.ToArray(), 8, Cancel);
        await Store.SetStateAsync("mine", "[9]"u8.ToArray(), ViewEpoch.Any, Cancel);
        await Store.SetWatermarkAsync("views", 0, default, ViewEpoch.Any, Cancel);
        // Left to any epoch.
        await Store.SetStateAsync("mine", "[1]"u8.ToArray(), 1, Cancel);
        await Store.SetWatermarkAsync("views", 0, new Watermark(1, 1), 1, Cancel);
        (await Store.GetStateAsync("mine", Cancel)).ShouldBe("[1]"u8.ToArray());
        (await Store.GetWatermarkAsync("views", 0, Cancel)).ShouldBe(new Watermark(1, 1));
    }

    [Fact]
    public async Task Documents_are_removed_whatever_they_are_and_collections_are_listed()
    {
        await WriteAsync(Person("a", 0, 9));
        await Store.RemoveAsync(People.Name, ["a", "b"], Cancel);
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).ShouldBeEmpty();
        (await WriteAsync(Person("a", 0, 1))).ShouldBeTrue();
        (await Store.FindForeignAsync(People.Name, 10, Cancel)).ShouldBeEmpty();
        (await Store.ListCollectionsAsync(Cancel)).ShouldBe([People.Name, Notes.Name, Moves.Name], ignoreOrder: true);
        (await Store.EnsureCollectionAsync(People, Cancel)).ShouldBeFalse();
        await Store.DropCollectionAsync(People.Name, Cancel);
        (await Store.EnsureCollectionAsync(People, Cancel)).ShouldBeTrue();
    }

    private static async Task FencedAsync(Func<Task> write) =>
        (await Should.ThrowAsync<TidelineException>(write)).Code.ShouldBe(ErrorCode.NotOwner);
}
