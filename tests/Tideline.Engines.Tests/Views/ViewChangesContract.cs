using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

/// <summary>How every engine of the view tier tells what changed.</summary>
public abstract class ViewChangesContract<TSource> : ViewStoreStage<TSource>
    where TSource : IViewStoreSource, new()
{
    private const int KeptChanges = 50;

    [Fact]
    public async Task Changes_come_in_order_and_a_refused_write_is_none()
    {
        var token = (await Store.ReadChangesAsync(null, 10, Cancel)).ResumeToken;
        await WriteAsync(Person("a", 0, 1));
        await WriteAsync(Person("a", 0, 1));
        await WriteAsync(Person("a", 1, 2));
        await WriteAsync(Gone("a", 2));
        var first = await Store.ReadChangesAsync(token, 2, Cancel);
        first.Changes.Select(change => (change.Id, change.Operation, change.Revision))
            .ShouldBe([("a", "insert", 1L), ("a", "replace", 2L)]);
        first.Changes[0].Current.ShouldBeNull();
        var rest = await Store.ReadChangesAsync(first.ResumeToken, 10, Cancel);
        var delete = rest.Changes.ShouldHaveSingleItem();
        (delete.Collection, delete.Id, delete.Operation, delete.Revision).ShouldBe((People.Name, "a", "delete", 3L));
        (await Store.ReadChangesAsync(rest.ResumeToken, 10, Cancel)).Changes.ShouldBeEmpty();
        // A token is good for more than one reading.
        (await Store.ReadChangesAsync(token, 10, Cancel)).Changes.Count.ShouldBe(3);

        var ids = await Store.ReadChangedIdsAsync(token, 2, Cancel);
        ids.Changes.Select(change => change with { Current = null }).ShouldBe(first.Changes);
        (await Store.ReadChangedIdsAsync(ids.ResumeToken, 10, Cancel))
            .Changes.ShouldHaveSingleItem().ShouldBeOneOf(delete, delete with { Revision = 0 });
        // Nor does it matter who gave it.
        (await Store.ReadChangesAsync(ids.ResumeToken, 10, Cancel)).Changes.ShouldBe(rest.Changes);
    }

    [Fact]
    public async Task A_change_tells_the_document_as_it_is_now_and_only_of_collections_that_log()
    {
        var token = (await Store.ReadChangesAsync(null, 10, Cancel)).ResumeToken;
        await Store.WriteAsync(Notes.Name, [Note("n")], Cancel);
        await WriteAsync(Person("a", 0, 1));
        await WriteAsync(Person("a", 1, 7, city: "Bern"));
        await Store.WriteAsync(Notes.Name, [Gone("n", 1)], Cancel);
        var changes = (await Store.ReadChangesAsync(token, 10, Cancel)).Changes;
        changes.Select(change => (change.Operation, change.Revision, change.Current!.Revision))
            .ShouldBe([("insert", 1L, 7L), ("replace", 7L, 7L)]);
        Encoding.UTF8.GetString(changes[0].Current!.Json.Span).ShouldContain("Bern");
        await Store.DropCollectionAsync(People.Name, Cancel);
        (await Store.ReadChangesAsync(token, 10, Cancel))
            .Changes.Select(change => change.Current).ShouldBe([null, null]);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData("AAAA")]
    public async Task What_is_no_token_is_refused(string token) =>
        (await Should.ThrowAsync<TidelineException>(async () => await Store.ReadChangesAsync(token, 10, Cancel)))
            .Code.ShouldBe(ErrorCode.InvalidInput);

    [Fact]
    public async Task A_token_that_left_the_change_log_is_refused_and_never_answered_from_now()
    {
        await using var store = await Source.OpenShortLogAsync(KeptChanges);
        await store.EnsureCollectionAsync(People, Cancel);
        var token = (await store.ReadChangesAsync(null, 10, Cancel)).ResumeToken;
        for (var at = 0; at <= KeptChanges; at++) await store.WriteAsync(People.Name, [Person($"p{at}", 0, 1)], Cancel);
        for (var again = 0; again < 2; again++)
            (await Should.ThrowAsync<TidelineException>(async () => await store.ReadChangesAsync(token, 10, Cancel)))
                .Code.ShouldBe(ErrorCode.NotFound);
    }

    [Fact]
    public async Task A_follower_that_fell_behind_reads_everything_anew_and_goes_on()
    {
        await using var store = await Source.OpenShortLogAsync(KeptChanges);
        await store.EnsureCollectionAsync(People, Cancel);
        var token = (await store.ReadChangesAsync(null, 10, Cancel)).ResumeToken;
        for (var at = 0; at <= KeptChanges; at++)
            await store.WriteAsync(People.Name, [Person($"p{at:D2}", 0, 1)], Cancel);

        var (seen, tokens) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new List<string>());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        stop.CancelAfter(TimeSpan.FromSeconds(60));
        var stream = new ChangeStream(store, TimeProvider.System, NullLogger.Instance);
        await Should.ThrowAsync<OperationCanceledException>(
            () => stream.RunAsync(token, HandleAsync, ResyncAsync, stop.Token));
        tokens.Count.ShouldBe(1);
        seen.Count.ShouldBe(KeptChanges + 2);
        (seen["p00"], seen["p01"], seen["late"]).ShouldBe((2L, 1L, 1L));

        async Task ResyncAsync(string fresh, CancellationToken cancel)
        {
            tokens.Add(fresh);
            // What changes while the documents are read must not be missed.
            await store.WriteAsync(People.Name, [Person("late", 0, 1), Person("p00", 1, 2)], cancel);
            var all = new DocumentQuery(
                People.Name, new Dictionary<string, object>(), null, null, null, false, [], null, null, 1_000);
            foreach (var document in await store.QueryAsync(all, cancel))
                seen[document.Id] = document.Id is "late" or "p00" ? 0 : document.Revision;
        }

        async Task HandleAsync(ChangeBatch batch, CancellationToken cancel)
        {
            foreach (var change in batch.Changes) seen[change.Id] = change.Revision;
            if (seen.GetValueOrDefault("p00") == 2) await stop.CancelAsync();
        }
    }
}
