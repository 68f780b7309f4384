using System.Text;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

/// <summary>What every engine of the view tier must do.</summary>
public abstract class ViewStoreContract : IAsyncLifetime
{
    /// <summary>The change log of the tests keeps this many.</summary>
    protected const int KeptChanges = 50;

    private static readonly CollectionDefinition People = new("people_v1", [["email"], ["city", "age"]], LogChanges: true);
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"tideline-views-{new IdGenerator(TimeProvider.System).Next():N}");
    private IViewStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _store = Open(_folder);
        await _store.EnsureCollectionAsync(People, default);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected abstract IViewStore Open(string folder);

    [Fact]
    public async Task A_document_is_inserted_once_and_replaced_only_at_its_revision()
    {
        (await WriteAsync(Person("a", 0, 1))).ShouldBeTrue();
        (await WriteAsync(Person("a", 0, 1))).ShouldBeFalse();
        (await WriteAsync(Person("a", 1, 2, city: "Bern"))).ShouldBeTrue();
        (await WriteAsync(Person("a", 1, 2, city: "Rome"))).ShouldBeFalse();
        var document = (await _store.ReadAsync(People.Name, ["a", "b"], default)).ShouldHaveSingleItem();
        document.Revision.ShouldBe(2);
        Encoding.UTF8.GetString(document.Json.Span).ShouldContain("Bern");
    }

    [Fact]
    public async Task A_delete_is_guarded_too()
    {
        await WriteAsync(Person("a", 0, 1));
        (await WriteAsync(new DocumentWrite("a", 7, 8, null, new Dictionary<string, object?>()))).ShouldBeFalse();
        (await WriteAsync(new DocumentWrite("a", 1, 2, null, new Dictionary<string, object?>()))).ShouldBeTrue();
        (await _store.ReadAsync(People.Name, ["a"], default)).ShouldBeEmpty();
    }

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
            while (await _store.QueryAsync(Query("Bern", descending, after, 3), default) is { Count: > 0 } page)
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
        (await _store.QueryAsync(query, default)).Select(document => document.Id).ShouldBe(["p1", "p2", "p3"]);
    }

    [Fact]
    public async Task The_substring_filter_knows_letters_beyond_ASCII()
    {
        await WriteAsync(Person("a", 0, 1, city: "Zürich"));
        await WriteAsync(Person("b", 0, 1, city: "Bern"));
        var query = new DocumentQuery(People.Name, new Dictionary<string, object>(), null, null, null, false, ["city"], "ZÜR", null, 10);
        (await _store.QueryAsync(query, default)).Select(document => document.Id).ShouldBe(["a"]);
    }

    [Fact]
    public async Task Without_an_order_documents_come_by_id()
    {
        foreach (var id in new[] { "c", "a", "b" }) await WriteAsync(Person(id, 0, 1));
        var query = new DocumentQuery(People.Name, new Dictionary<string, object>(), null, null, null, false, [], null, ("", "a"), 10);
        (await _store.QueryAsync(query, default)).Select(document => document.Id).ShouldBe(["b", "c"]);
    }

    [Fact]
    public async Task A_query_on_a_field_without_an_index_is_refused()
    {
        var query = new DocumentQuery(People.Name, new Dictionary<string, object> { ["name"] = "x" }, null, null, null, false, [], null, null, 10);
        (await Should.ThrowAsync<TidelineException>(async () => await _store.QueryAsync(query, default))).Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Theory]
    [InlineData("")]
    [InlineData("People")]
    [InlineData("a\"; DROP TABLE x; --")]
    [InlineData("tl_states")]
    public async Task A_name_that_is_none_makes_no_collection(string name) =>
        (await Should.ThrowAsync<TidelineException>(async () => await _store.EnsureCollectionAsync(new CollectionDefinition(name, [], false), default))).Code.ShouldBe(ErrorCode.InvalidInput);

    [Fact]
    public async Task A_batch_moves_its_watermark_only_when_what_must_apply_did()
    {
        var move = new WatermarkMove("views", 3, new Watermark(10, 77));
        var bad = await _store.WriteBatchAsync([new CollectionWrites(People.Name, [Person("a", 5, 6), Person("b", 0, 1)], MustApply: true)], [move], default);
        bad[0].ShouldBe([false, true]);
        (await _store.GetWatermarkAsync("views", 3, default)).Seq.ShouldBe(0);
        await _store.WriteBatchAsync([new CollectionWrites(People.Name, [Person("b", 0, 1)], MustApply: false)], [move], default);
        (await _store.GetWatermarkAsync("views", 3, default)).ShouldBe(new Watermark(10, 77));
        (await _store.GetWatermarkAsync("views", 2, default)).Seq.ShouldBe(0);
    }

    [Fact]
    public async Task What_was_written_is_there_after_reopening()
    {
        await WriteAsync(Person("a", 0, 1, city: "Bern"));
        await _store.SetStateAsync("mine", "{}"u8.ToArray(), default);
        await _store.DisposeAsync();
        _store = Open(_folder);
        (await QueryAsync("Bern")).ShouldBe(["a"]);
        (await _store.GetStateAsync("mine", default)).ShouldBe("{}"u8.ToArray());
        await _store.SetStateAsync("mine", null, default);
        (await _store.GetStateAsync("mine", default)).ShouldBeNull();
    }

    [Fact]
    public async Task A_dropped_collection_is_gone_and_can_be_made_anew()
    {
        await WriteAsync(Person("a", 0, 1));
        await _store.DropCollectionAsync(People.Name, default);
        (await Should.ThrowAsync<TidelineException>(async () => await _store.ReadAsync(People.Name, ["a"], default))).Code.ShouldBe(ErrorCode.NotFound);
        await _store.EnsureCollectionAsync(People, default);
        (await _store.ReadAsync(People.Name, ["a"], default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Changes_come_in_order_and_a_refused_write_is_none()
    {
        var token = (await _store.ReadChangesAsync(null, 10, default)).ResumeToken;
        await WriteAsync(Person("a", 0, 1));
        await WriteAsync(Person("a", 0, 1));
        await WriteAsync(Person("a", 1, 2));
        await WriteAsync(new DocumentWrite("a", 2, 3, null, new Dictionary<string, object?>()));
        var first = await _store.ReadChangesAsync(token, 2, default);
        first.Changes.Select(change => (change.Id, change.Operation, change.Revision)).ShouldBe([("a", "insert", 1L), ("a", "replace", 2L)]);
        first.Changes[0].Current.ShouldBeNull();
        var rest = await _store.ReadChangesAsync(first.ResumeToken, 10, default);
        rest.Changes.ShouldHaveSingleItem().Operation.ShouldBe("delete");
        (await _store.ReadChangesAsync(rest.ResumeToken, 10, default)).Changes.ShouldBeEmpty();

        var ids = await _store.ReadChangedIdsAsync(token, 2, default);
        ids.Changes.Select(change => change with { Current = null }).ShouldBe(first.Changes);
        (await _store.ReadChangedIdsAsync(ids.ResumeToken, 10, default)).Changes.ShouldBe(rest.Changes);
    }

    [Fact]
    public async Task A_token_that_left_the_change_log_is_refused_and_never_answered_from_now()
    {
        var token = (await _store.ReadChangesAsync(null, 10, default)).ResumeToken;
        for (var at = 0; at <= KeptChanges; at++) await WriteAsync(Person($"p{at}", 0, 1));
        (await Should.ThrowAsync<TidelineException>(async () => await _store.ReadChangesAsync(token, 10, default))).Code.ShouldBe(ErrorCode.NotFound);
        (await Should.ThrowAsync<TidelineException>(async () => await _store.ReadChangesAsync("nonsense", 10, default))).Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Fact]
    public async Task Concurrent_writers_of_one_document_win_once_per_revision()
    {
        var writers = Enumerable.Range(0, 16).Select(_ => Task.Run(() => WriteAsync(Person("a", 0, 1))));
        (await Task.WhenAll(writers)).Count(applied => applied).ShouldBe(1);
    }

    private static DocumentWrite Person(string id, long expected, long revision, string city = "Oslo", long age = 30) => new(
        id, expected, revision, Encoding.UTF8.GetBytes($$"""{"city":"{{city}}","age":{{age}},"email":"{{id}}@x"}"""),
        new Dictionary<string, object?> { ["city"] = city, ["age"] = age, ["email"] = $"{id}@x" });

    private static DocumentQuery Query(string city, bool descending, (object, string)? after, int limit) => new(
        People.Name, new Dictionary<string, object> { ["city"] = city }, "age", null, null, descending, [], null, after, limit);

    private static long AgeOf(Document document) => System.Text.Json.JsonDocument.Parse(document.Json).RootElement.GetProperty("age").GetInt64();

    private async Task<bool> WriteAsync(DocumentWrite write) => (await _store.WriteAsync(People.Name, [write], default))[0];

    private async Task<IEnumerable<string>> QueryAsync(string city) => (await _store.QueryAsync(Query(city, false, null, 10), default)).Select(document => document.Id);
}
