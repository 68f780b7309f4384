using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

/// <summary>How every engine of the view tier answers queries.</summary>
public abstract class ViewQueryContract<TSource> : ViewStoreStage<TSource>
    where TSource : IViewStoreSource, new()
{
    [Fact]
    public async Task A_replaced_document_is_found_by_its_new_fields_alone()
    {
        await WriteAsync(Person("a", 0, 1, city: "Bern"));
        await WriteAsync(Person("a", 1, 2, city: "Rome"));
        (await QueryAsync("Bern")).ShouldBeEmpty();
        (await QueryAsync("Rome")).ShouldBe(["a"]);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repetition_even_through_ties()
    {
        for (var at = 0; at < 20; at++) await WriteAsync(Person($"p{at:D2}", 0, 1, city: "Bern", age: at / 5));
        foreach (var descending in new[] { false, true })
        {
            var seen = new List<string>();
            (object, string)? after = null;
            while (await Store.QueryAsync(Query("Bern", descending, after, 3), Cancel) is { Count: > 0 } page)
            {
                seen.AddRange(page.Select(document => document.Id));
                after = (AgeOf(page[^1]), page[^1].Id);
            }

            var all = Enumerable.Range(0, 20).Select(at => $"p{at:D2}");
            seen.ShouldBe(descending ? all.Reverse() : all);
        }
    }

    [Fact]
    public async Task Bounds_are_inclusive()
    {
        for (var at = 0; at < 5; at++) await WriteAsync(Person($"p{at}", 0, 1, city: "Bern", age: at));
        var query = Query("Bern", descending: false, null, 10) with { From = 1L, To = 3L };
        (await Store.QueryAsync(query, Cancel)).Select(document => document.Id).ShouldBe(["p1", "p2", "p3"]);
        (await Store.QueryAsync(query with { After = (2L, "p2") }, Cancel))
            .Select(document => document.Id).ShouldBe(["p3"]);
        (await Store.QueryAsync(query with { Descending = true, After = (2L, "p2") }, Cancel))
            .Select(document => document.Id).ShouldBe(["p1"]);
    }

    [Fact]
    public async Task A_document_without_the_field_has_no_place_in_its_order()
    {
        await WriteAsync(Person("a", 0, 1, city: "Bern", age: 1));
        await WriteAsync(new DocumentWrite(
            "b", 0, 1, """{"city":"Bern"}"""u8.ToArray(), new Dictionary<string, object?> { ["city"] = "Bern" }));
        await WriteAsync(new DocumentWrite("c", 0, 1, """{"city":"Bern","age":null}"""u8.ToArray(),
            new Dictionary<string, object?> { ["city"] = "Bern", ["age"] = null }));
        (await QueryAsync("Bern")).ShouldBe(["a"]);
    }

    [Fact]
    public async Task The_substring_filter_knows_letters_beyond_ASCII()
    {
        await WriteAsync(Person("a", 0, 1, city: "Zürich"));
        await WriteAsync(Person("b", 0, 1, city: "Bern"));
        var query = new DocumentQuery(
            People.Name, new Dictionary<string, object>(), null, null, null, false, ["city"], "ZÜR", null, 10);
        (await Store.QueryAsync(query, Cancel)).Select(document => document.Id).ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_filtered_page_is_filled_from_what_passes()
    {
        await Store.WriteAsync(People.Name, [.. Enumerable.Range(0, 2_500)
            .Select(at => Person($"p{at:D4}", 0, 1, city: at % 500 == 0 ? "Oberbern" : "Rome"))], Cancel);
        var query = new DocumentQuery(People.Name,
            new Dictionary<string, object>(), null, null, null, false, ["city", "email"], "RBE", ("", "p0000"), 3);
        (await Store.QueryAsync(query, Cancel)).Select(document => document.Id).ShouldBe(["p0500", "p1000", "p1500"]);
        (await Store.QueryAsync(query with { After = ("", "p1500") }, Cancel))
            .Select(document => document.Id).ShouldBe(["p2000"]);
    }

    [Fact]
    public async Task Without_an_order_documents_come_by_id()
    {
        foreach (var id in new[] { "c", "a", "b" }) await WriteAsync(Person(id, 0, 1));
        var query = new DocumentQuery(
            People.Name, new Dictionary<string, object>(), null, null, null, false, [], null, ("", "a"), 10);
        (await Store.QueryAsync(query, Cancel)).Select(document => document.Id).ShouldBe(["b", "c"]);
        var byEmail = query with { Equal = new Dictionary<string, object> { ["email"] = "a@x" }, After = null };
        (await Store.QueryAsync(byEmail, Cancel)).Select(document => document.Id).ShouldBe(["a"]);
    }

    [Theory]
    [InlineData("name", null)]
    [InlineData("email", "name")]
    [InlineData("city", null)]
    [InlineData(null, "age")]
    [InlineData("age", "city")]
    public async Task A_query_that_no_index_answers_is_refused(string? equal, string? order)
    {
        var fields = equal is null
            ? new Dictionary<string, object>()
            : new Dictionary<string, object> { [equal] = "x" };
        var query = new DocumentQuery(People.Name, fields, order, null, null, false, [], null, null, 10);
        (await Should.ThrowAsync<TidelineException>(async () => await Store.QueryAsync(query, Cancel)))
            .Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Fact]
    public async Task Fields_with_types_are_found_by_the_text_that_JSON_has()
    {
        const string ada = "019aad7e-0000-7000-8000-00000000000a", ben = "019aad7e-0000-7000-8000-00000000000b";
        foreach (var (owner, at) in
            new[] { ada, ben }.SelectMany(_ => Enumerable.Range(1, 9), (owner, at) => (owner, at)))
        {
            var json = $$"""{"owner":"{{owner}}","day":"2026-01-0{{at}}"}""";
            var values = new Dictionary<string, object?> { ["owner"] = owner, ["day"] = $"2026-01-0{at}" };
            await Store.WriteAsync(Moves.Name, [new DocumentWrite(
                $"{owner}:{at}", 0, 1, System.Text.Encoding.UTF8.GetBytes(json), values)], Cancel);
        }

        var query = new DocumentQuery(
            Moves.Name, new Dictionary<string, object> { ["owner"] = ada }, "day", "2026-01-02", "2026-01-08", true, [],
            null, ("2026-01-07", $"{ada}:7"), 3);
        (await Store.QueryAsync(query, Cancel)).Select(document => document.Id)
            .ShouldBe([$"{ada}:6", $"{ada}:5", $"{ada}:4"]);
        (await Store.QueryAsync(query with { From = null, To = null, After = null, Descending = false }, Cancel))
            .Select(document => document.Id).ShouldBe([$"{ada}:1", $"{ada}:2", $"{ada}:3"]);
        (await Store.QueryAsync(query with { Equal = new Dictionary<string, object> { ["owner"] = "x" } }, Cancel))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task A_nearest_read_answers_in_the_end_what_was_written()
    {
        await WriteAsync(Person("a", 0, 1, city: "Bern"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await Store.Nearest.ReadAsync(People.Name, ["a"], limit.Token)).Count == 0)
            await Task.Delay(10, limit.Token);
        while ((await Store.Nearest.QueryAsync(Query("Bern", false, null, 10), limit.Token)).Count == 0)
            await Task.Delay(10, limit.Token);
        (await Should.ThrowAsync<TidelineException>(
            async () => await Store.Nearest.ReadAsync("nothing_v1", ["a"], Cancel))).Code.ShouldBe(ErrorCode.NotFound);
    }
}
