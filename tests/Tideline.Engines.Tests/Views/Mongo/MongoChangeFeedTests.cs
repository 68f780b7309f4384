using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Engines.Views.Mongo;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>What is special to a change log that is MongoDB's change stream.</summary>
public sealed class MongoChangeFeedTests : MongoLineStage
{
    [Fact]
    public async Task A_consumer_that_goes_on_keeps_its_cursor()
    {
        var token = await NowAsync();
        for (var at = 0; at < 5; at++)
        {
            await Store.WriteAsync(People.Name, [Person($"p{at}", 0, 1), Person($"q{at}", 0, 1)], Cancel);
            var one = await Store.ReadChangesAsync(token, 1, Cancel);
            var other = await Store.ReadChangesAsync(one.ResumeToken, 1, Cancel);
            one.Changes.Concat(other.Changes).Select(change => change.Id).ShouldBe([$"p{at}", $"q{at}"]);
            token = (await Store.ReadChangesAsync(other.ResumeToken, 1, Cancel)).ResumeToken;
        }

        Streams().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Who_needs_ids_alone_reads_no_document()
    {
        var token = await NowAsync();
        await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel);
        (await Store.ReadChangedIdsAsync(token, 10, Cancel)).Changes.ShouldHaveSingleItem().Current.ShouldBeNull();
        Commands("find").Where(command => command["find"] == People.Name).ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_needs_ids_alone_asks_for_no_image_of_before()
    {
        var token = (await Store.ReadChangedIdsAsync(null, 1, Cancel)).ResumeToken;
        await Store.WriteAsync(People.Name, [Person("a", 0, 1), Person("a", 1, 2), Gone("a", 2)], Cancel);
        (await Store.ReadChangedIdsAsync(token, 10, Cancel)).Changes.Select(
            change => (change.Operation, change.Revision)).ShouldBe([("insert", 1L), ("replace", 2L), ("delete", 0L)]);
        Streams().ShouldAllBe(command => command["pipeline"][0]["$changeStream"]
            .AsBsonDocument.GetValue("fullDocumentBeforeChange", "off") == "off");
    }

    [Fact]
    public async Task More_consumers_than_cursors_are_kept_for_lose_nothing()
    {
        var tokens = new string[MongoLimits.ChangeStreams + 3];
        for (var at = 0; at < tokens.Length; at++)
        {
            tokens[at] = await NowAsync();
            await Store.WriteAsync(People.Name, [Person($"p{at}", 0, 1)], Cancel);
        }

        for (var at = 0; at < tokens.Length; at++) (await ChangesAsync(tokens[at])).Count.ShouldBe(tokens.Length - at);
    }

    [Fact]
    public async Task A_token_is_good_for_another_process()
    {
        var token = await NowAsync();
        await Store.WriteAsync(People.Name, [Person("a", 0, 1), Person("b", 0, 1)], Cancel);
        var first = await Store.ReadChangesAsync(token, 1, Cancel);
        await using var other = await Views.OpenAsync();
        (await other.ReadChangesAsync(first.ResumeToken, 10, Cancel)).Changes.ShouldHaveSingleItem().Id.ShouldBe("b");
    }

    [Fact]
    public async Task A_token_moves_on_while_only_others_are_written()
    {
        var notes = new CollectionDefinition("notes_v1", [], LogChanges: false);
        await Store.EnsureCollectionAsync(notes, Cancel);
        var token = await NowAsync();
        await Store.WriteAsync(notes.Name, [Person("a", 0, 1)], Cancel);
        var batch = await Store.ReadChangesAsync(token, 10, Cancel);
        (batch.Changes.Count, batch.ResumeToken == token).ShouldBe((0, false));
    }

    [Fact]
    public async Task A_line_that_breaks_under_a_cursor_costs_no_change()
    {
        var token = await NowAsync();
        await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel);
        token = (await Store.ReadChangesAsync(token, 10, Cancel)).ResumeToken;
        await Store.WriteAsync(People.Name, [Person("b", 0, 1)], Cancel);
        Lose("getMore", 1);
        (await ChangesAsync(token)).ShouldBe([("b", "insert", 1L)]);
        Line.Cut();
        Line.Mend();
        await Store.WriteAsync(People.Name, [Person("c", 0, 1)], Cancel);
        (await ChangesAsync(token)).ShouldBe([("b", "insert", 1L), ("c", "insert", 1L)]);
    }

    [Theory]
    [InlineData("aggregate", 286)]
    [InlineData("aggregate", 280)]
    [InlineData("getMore", 286)]
    [InlineData("getMore", 280)]
    [InlineData("getMore", 136)]
    public async Task A_point_that_MongoDB_cannot_resume_is_lost(string command, int code)
    {
        await using var store = await Views.OpenAsync(Line.Address, Logger);
        // A token of another store opens a cursor; one of its own goes on with the one that is open.
        var token = (await (command == "aggregate" ? Store : store).ReadChangesAsync(null, 10, Cancel)).ResumeToken;
        Fail(command, 1, code, "NonResumableChangeStreamError");
        (await Should.ThrowAsync<TidelineException>(async () => await store.ReadChangesAsync(token, 10, Cancel)))
            .Code.ShouldBe(ErrorCode.NotFound);
    }

    [Fact]
    public async Task A_token_that_the_server_does_not_understand_is_refused()
    {
        var token = (ChangeToken.Parse(await NowAsync()) with { Resume = new BsonDocument("_data", "00") }).ToString();
        Fail("aggregate", 1, 260);
        (await Should.ThrowAsync<TidelineException>(async () => await Store.ReadChangesAsync(token, 10, Cancel)))
            .Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Fact]
    public async Task A_change_by_hand_is_a_replacement()
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 4)], Cancel);
        var token = await NowAsync();
        await Views.Database.GetCollection<BsonDocument>(People.Name).UpdateOneAsync(new BsonDocument("_id", "a"),
            new BsonDocument("$set", new BsonDocument("city", "Rome")), cancellationToken: Cancel);
        (await ChangesAsync(token)).ShouldBe([("a", "replace", 4L)]);
    }

    [Fact]
    public async Task A_delete_whose_image_is_not_kept_has_no_revision()
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 4)], Cancel);
        var token = await NowAsync();
        var off = new BsonDocument
        {
            ["collMod"] = People.Name, ["changeStreamPreAndPostImages"] = new BsonDocument("enabled", false)
        };
        await Views.Database.RunCommandAsync<BsonDocument>(off, cancellationToken: Cancel);
        await Store.WriteAsync(People.Name, [Gone("a", 4)], Cancel);
        (await ChangesAsync(token)).ShouldBe([("a", "delete", 0L)]);
        // Whoever makes the collection again sees to it that images are kept.
        await Store.EnsureCollectionAsync(People, Cancel);
        await Store.WriteAsync(People.Name, [Person("a", 0, 4), Gone("a", 4)], Cancel);
        (await ChangesAsync(token)).ShouldBe([("a", "delete", 0L), ("a", "insert", 4L), ("a", "delete", 5L)]);
    }

    [Fact]
    public async Task A_dropped_database_ends_the_stream_and_not_the_consumer()
    {
        var token = await NowAsync();
        await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel);
        await Views.Database.Client.DropDatabaseAsync(Views.Name, Cancel);
        await using var store = await Views.OpenAsync();
        await store.EnsureCollectionAsync(People, Cancel);
        await store.WriteAsync(People.Name, [Person("b", 0, 1)], Cancel);
        var seen = new List<string>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!seen.Contains("b"))
        {
            var batch = await store.ReadChangesAsync(token, 10, limit.Token);
            seen.AddRange(batch.Changes.Select(change => change.Id));
            token = batch.ResumeToken;
        }

        seen.ShouldBe(["a", "b"]);
    }

    private IEnumerable<BsonDocument> Streams() =>
        Commands("aggregate").Where(command => command["pipeline"][0].AsBsonDocument.Contains("$changeStream"));
}
