using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using Tideline.Engines.Views.Mongo;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>What was acknowledged happened once and is durable, whatever befalls the line and the servers.</summary>
public sealed class MongoWriteFaultTests : MongoLineStage
{
    private const string Retryable = "RetryableWriteError";
    private const int NotWritablePrimary = 10107, PrimarySteppedDown = 189, WriteConcernTimeout = 64, Unauthorized = 13;

    // Answered by the driver's own repetition, by the server's memory of it, or by the marks in the documents.
    [Theory]
    [InlineData("update", 1)]
    [InlineData("update", 2)]
    [InlineData("update", 5)]
    [InlineData("insert", 1)]
    [InlineData("insert", 2)]
    [InlineData("insert", 5)]
    public async Task A_lost_answer_neither_hides_nor_repeats_a_write(string command, int times)
    {
        await Store.WriteAsync(
            People.Name, [.. Enumerable.Range(0, 30).Select(at => Person($"p{at:D2}", 0, 1))], Cancel);
        var token = await NowAsync();
        Lose(command, times);
        // Guards of every third are wrong, and the first ten of the inserted are there.
        DocumentWrite[] writes =
        [
            .. Enumerable.Range(0, 20).Select(at => Person($"p{at:D2}", at % 3 == 0 ? 5 : 1, 6, city: "Bern")),
            .. Enumerable.Range(20, 20).Select(at => Person($"p{at:D2}", 0, 1, city: "Rome")),
        ];
        bool[] expected =
            [.. Enumerable.Range(0, 20).Select(at => at % 3 != 0), .. Enumerable.Range(20, 20).Select(at => at >= 30)];
        (await Store.WriteAsync(People.Name, writes, Cancel)).ShouldBe(expected);
        var changes = await ChangesAsync(token);
        changes.Select(change => change.Id)
            .Order().ShouldBe(writes.Zip(expected).Where(each => each.Second).Select(each => each.First.Id));
        changes.Count(change => change.Operation == "replace").ShouldBe(13);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_lost_answer_to_a_delete_is_found_out(int times)
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 1), Person("b", 0, 1)], Cancel);
        var token = await NowAsync();
        Lose("delete", times);
        (await Store.WriteAsync(People.Name, [Gone("a", 1), Gone("b", 7)], Cancel)).ShouldBe([true, false]);
        (await ChangesAsync(token)).ShouldBe([("a", "delete", 2L)]);
    }

    [Fact]
    public async Task A_write_of_somebody_else_is_never_taken_for_one_whose_answer_was_lost()
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel);
        await using var other = await Views.OpenAsync();
        // The command never reaches the server; before it is repeated, another process writes the same revision.
        var lost = 0;
        Listen(command =>
        {
            if (command.GetElement(0).Name != "update" || Interlocked.Increment(ref lost) > 2) return null;
            if (lost == 2) other.WriteAsync(People.Name, [Person("a", 1, 2, city: "Rome")], Cancel)
                .AsTask().GetAwaiter().GetResult()[0].ShouldBeTrue();
            return Error(PrimarySteppedDown, Retryable);
        });
        (await Store.WriteAsync(People.Name, [Person("a", 1, 2, city: "Bern")], Cancel)).ShouldBe([false]);
        lost.ShouldBeGreaterThan(2);
    }

    [Theory]
    [InlineData(NotWritablePrimary)]
    [InlineData(PrimarySteppedDown)]
    public async Task An_election_is_waited_for(int code)
    {
        var token = await NowAsync();
        Fail("insert", 5, code, Retryable);
        (await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel)).ShouldBe([true]);
        (await ChangesAsync(token)).ShouldBe([("a", "insert", 1L)]);
        Logger.Lines.ShouldContain(
            line => line.Level == LogLevel.Warning && line.Text.StartsWith("A write to MongoDB was not acknowledged"));
    }

    [Fact]
    public async Task What_a_majority_has_not_acknowledged_is_asked_for_again_and_counted_once()
    {
        await Store.WriteAsync(People.Name, [Person("a", 0, 1), Person("b", 0, 1)], Cancel);
        var token = await NowAsync();
        NoMajority("update", times: 2);
        (await Store.WriteAsync(People.Name, [Person("a", 1, 2), Person("b", 5, 6)], Cancel)).ShouldBe([true, false]);
        NoMajority("insert", times: 2);
        (await Store.WriteAsync(People.Name, [Person("c", 0, 1), Person("a", 0, 1)], Cancel)).ShouldBe([true, false]);
        (await ChangesAsync(token)).ShouldBe([("a", "replace", 2L), ("c", "insert", 1L)]);
    }

    [Fact]
    public async Task What_no_majority_acknowledges_in_time_is_not_done_and_moves_no_watermark()
    {
        await Store.DisposeAsync();
        await using var store = await Views.OpenAsync(Line.Address, Logger, new HurriedTime(100));
        NoMajority("insert", times: int.MaxValue);
        CollectionWrites[] groups = [new(People.Name, [Person("a", 0, 1)], MustApply: false)];
        WatermarkMove[] moves = [new("views", 0, new Watermark(7, 7))];
        var fault = await Should.ThrowAsync<TidelineException>(
            async () => await store.WriteBatchAsync(groups, moves, Cancel));
        (fault.Code, fault.IsTransient).ShouldBe((ErrorCode.StorageUnavailable, true));
        fault.Message.ShouldContain("majority");
        Line.Answer = (_, answer) => answer;
        (await store.GetWatermarkAsync("views", 0, Cancel)).Seq.ShouldBe(0);
        // Whoever tries again finds it there and goes on.
        (await store.WriteBatchAsync(groups, moves, Cancel))[0].ShouldBe([false]);
        (await store.GetWatermarkAsync("views", 0, Cancel)).Seq.ShouldBe(7);
    }

    [Fact]
    public async Task A_watermark_that_another_process_moves_meanwhile_does_not_count_as_moved_here()
    {
        await using var other = await Views.OpenAsync();
        await other.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(12, 79))], Cancel);
        WatermarkMove[] moves = [new("views", 0, new Watermark(20, 99), From: 13)];
        var looks = 0;
        Listen(command =>
        {
            // Between the move, which finds 12, and the read that asks why it did not match.
            if (command.GetElement(0) is { Name: "find" } find && find.Value == "tl_watermarks"
                && Interlocked.Increment(ref looks) == 1)
                other.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(13, 80), From: 12)], Cancel)
                    .AsTask().GetAwaiter().GetResult();
            return null;
        });
        (await Should.ThrowAsync<TidelineException>(async () => await Store.WriteBatchAsync([], moves, Cancel)))
            .Code.ShouldBe(ErrorCode.StorageUnavailable);
        looks.ShouldBeGreaterThan(0);
        await Store.WriteBatchAsync([], moves, Cancel);
        (await Store.GetWatermarkAsync("views", 0, Cancel)).ShouldBe(new Watermark(20, 99));
    }

    [Fact]
    public async Task A_refusal_that_time_does_not_heal_is_told_at_once()
    {
        Fail("insert", int.MaxValue, Unauthorized);
        var fault = await Should.ThrowAsync<TidelineException>(
            async () => await Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel));
        fault.Code.ShouldBe(ErrorCode.StorageUnavailable);
        Commands("insert").Count(command => command["insert"] == People.Name).ShouldBe(1);
    }

    [Fact]
    public async Task A_write_over_a_line_that_was_cut_goes_through_once_the_line_is_back()
    {
        var token = await NowAsync();
        Line.Cut();
        var write = Store.WriteAsync(People.Name, [Person("a", 0, 1)], Cancel).AsTask();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!Logger.Lines.Any(line => line.Text.StartsWith("A write to MongoDB was not acknowledged")))
            await Task.Delay(10, limit.Token);
        write.IsCompleted.ShouldBeFalse();
        Line.Mend();
        (await write).ShouldBe([true]);
        (await Store.ReadAsync(People.Name, ["a"], Cancel)).Count.ShouldBe(1);
        (await ChangesAsync(token)).ShouldBe([("a", "insert", 1L)]);
    }

    [Fact]
    public async Task States_and_watermarks_survive_lost_answers()
    {
        Lose("update", 3);
        await Store.WriteBatchAsync([], [new WatermarkMove("views", 0, new Watermark(7, 8))], Cancel);
        Lose("insert", 3);
        await Store.SetStateAsync("mine", """{"a":1}"""u8.ToArray(), 0, Cancel);
        Lose("update", 3);
        await Store.SetStateAsync("mine", """{"a":2}"""u8.ToArray(), 0, Cancel);
        (await Store.GetWatermarkAsync("views", 0, Cancel)).ShouldBe(new Watermark(7, 8));
        (await Store.GetStateAsync("mine", Cancel)).ShouldBe("""{"a":2}"""u8.ToArray());
        Lose("delete", 3);
        await Store.SetStateAsync("mine", null, 0, Cancel);
        (await Store.GetStateAsync("mine", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task A_collection_is_made_and_dropped_over_lost_answers()
    {
        var definition = new CollectionDefinition("other_v1", [["email"]], LogChanges: true);
        foreach (var command in new[] { "create", "createIndexes", "insert" })
        {
            Lose(command, 2);
            await Store.EnsureCollectionAsync(definition, Cancel);
            await Store.WriteAsync(definition.Name, [Person("a", 0, 1)], Cancel);
            Lose("drop", 2);
            await Store.DropCollectionAsync(definition.Name, Cancel);
            (await Should.ThrowAsync<TidelineException>(
                async () => await Store.ReadAsync(definition.Name, ["a"], Cancel))).Code.ShouldBe(ErrorCode.NotFound);
        }
    }

    [Fact]
    public async Task A_write_asks_for_the_journals_of_a_majority_and_may_be_repeated()
    {
        await Store.WriteBatchAsync(
            [new CollectionWrites(People.Name, [Person("a", 0, 1)], MustApply: false),
                new CollectionWrites(People.Name, [Person("a", 1, 2), Gone("a", 2)], MustApply: false)],
            [new WatermarkMove("views", 0, new Watermark(7, 8))], Cancel);
        await Store.SetWatermarkAsync("views", 1, default, 0, Cancel);
        await Store.SetStateAsync("mine", "{}"u8.ToArray(), 0, Cancel);
        foreach (var write in new[] { "insert", "update", "delete", "findAndModify" }.SelectMany(Commands))
        {
            write["writeConcern"].ShouldBe(
                new BsonDocument { ["w"] = "majority", ["wtimeout"] = (long)MongoLimits.MajorityMs, ["j"] = true });
            write.Contains("txnNumber").ShouldBeTrue();
        }

        Commands("update").Count().ShouldBeGreaterThan(2);
    }

    private void NoMajority(string command, int times) => Line.Answer = (asked, answer) =>
    {
        if (asked != command || Interlocked.Decrement(ref times) < 0) return answer;
        var without = (BsonDocument)answer.DeepClone();
        without["writeConcernError"] = new BsonDocument
        {
            ["code"] = WriteConcernTimeout, ["codeName"] = "WriteConcernTimeout",
            ["errmsg"] = "waiting for replication timed out", ["errInfo"] = new BsonDocument("wtimeout", true),
        };
        return without;
    };

    /// <summary>Time that passes faster.</summary>
    private sealed class HurriedTime(int factor) : TimeProvider
    {
        public override long GetTimestamp() => System.GetTimestamp() * factor;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime / factor, period);
    }
}
