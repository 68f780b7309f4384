using System.Globalization;
using System.Text;
using Tideline.Kernel;
using Tideline.Tools.Simulation.Engines;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

/// <summary>What a simulated disk of views loses, and what other programs do to it.</summary>
public sealed class SimulatedViewDiskTests
{
    private const string People = "people_v1";
    private readonly ViewDisk _disk = new();
    private readonly SimulatedViewStore _store;

    public SimulatedViewDiskTests() => _store = new SimulatedViewStore(_disk);

    [Fact]
    public async Task The_newest_batches_are_lost_with_their_watermarks_and_changes()
    {
        await MakeAsync();
        var before = await TokenAsync();
        for (var seq = 1; seq <= 4; seq++) await BatchAsync(seq);
        var after = await TokenAsync();
        _disk.LosableBatches.ShouldBe(4);
        _disk.LoseNewest(2).ShouldBe(2);
        (await _store.GetWatermarkAsync("views", 0, default)).ShouldBe(new Watermark(2, 20));
        (await _store.ReadAsync(People, ["a", "a1", "a2", "a3", "a4"], default))
            .Select(document => (document.Id, document.Revision)).ShouldBe([("a", 2L), ("a1", 1L), ("a2", 1L)]);
        (await AgesAsync()).ShouldBe(["a1", "a", "a2"]);

        // Its changes come again under their numbers, so who saw those that were lost must read all anew.
        await BatchAsync(3);
        await BatchAsync(4);
        (await Should.ThrowAsync<TidelineException>(async () => await _store.ReadChangesAsync(after, 10, default)))
            .Code.ShouldBe(ErrorCode.NotFound);
        (await _store.ReadChangesAsync(before, 100, default)).Changes.Select(change => change.Revision)
            .ShouldBe([1, 1, 2, 1, 3, 1, 4, 1]);
        (await AgesAsync()).ShouldBe(["a1", "a2", "a3", "a", "a4"]);
    }

    [Fact]
    public async Task What_a_call_of_another_kind_made_durable_is_not_lost()
    {
        await MakeAsync();
        await BatchAsync(1);
        await _store.SetStateAsync("mine", "{}"u8.ToArray(), 0, default);
        await BatchAsync(2);
        _disk.LoseNewest(5).ShouldBe(1);
        (await _store.GetWatermarkAsync("views", 0, default)).Seq.ShouldBe(1);
        _disk.Wipe();
        (await _store.ListCollectionsAsync(default)).ShouldBeEmpty();
        (await _store.GetStateAsync("mine", default)).ShouldBeNull();
    }

    [Fact]
    public async Task A_call_that_is_refused_leaves_nothing()
    {
        await MakeAsync();
        await _store.SetWatermarkAsync("views", 0, new Watermark(1, 1), 7, default);
        var token = await TokenAsync();
        (await Should.ThrowAsync<TidelineException>(() => BatchAsync(1))).Code.ShouldBe(ErrorCode.NotOwner);
        (await _store.ReadAsync(People, ["a", "a1"], default)).ShouldBeEmpty();
        (await Should.ThrowAsync<TidelineException>(async () => await _store.WriteAsync(
            People, [Write("b", 0, 1), Write("c", 2, 2)], default))).Code.ShouldBe(ErrorCode.InvalidInput);
        (await _store.ReadAsync(People, ["b"], default)).ShouldBeEmpty();
        (await TokenAsync()).ShouldBe(token);
    }

    [Fact]
    public async Task What_other_programs_do_to_documents_is_found()
    {
        await MakeAsync();
        await _store.WriteAsync(People, [Write("a", 0, 1), Write("b", 0, 1), Write("c", 0, 1)], default);
        (await _store.FindMisindexedAsync(People, 10, default)).ShouldBeEmpty();
        _disk.Edit(People, "a", _ => """{"age":99}"""u8.ToArray());
        _disk.Damage(People, "b", "another program wrote it");
        _disk.Remove(People, "c");
        _disk.AddForeign(People, "7");
        (await _store.FindMisindexedAsync(People, 10, default)).ShouldBe(["a"]);
        (await _store.FindForeignAsync(People, 10, default)).ShouldBe(["7"]);
        var found = await _store.ReadAsync(People, ["a", "b", "c"], default);
        found.Select(document => (document.Id, document.Damage))
            .ShouldBe([("a", null), ("b", "another program wrote it")]);
        (await _store.WriteAsync(People, [Write("a", 1, 2), Write("b", 1, 2), Write("b", 0, 1)], default))
            .ShouldBe([true, false, false]);
        await _store.RemoveAsync(People, ["b", "7"], default);
        (await _store.FindForeignAsync(People, 10, default)).ShouldBeEmpty();
        (await _store.WriteAsync(People, [Write("b", 0, 1)], default)).ShouldBe([true]);

        await _store.SetStateAsync("mine", "{}"u8.ToArray(), 3, default);
        _disk.BreakState("mine");
        (await Should.ThrowAsync<TidelineException>(async () => await _store.GetStateAsync("mine", default)))
            .Code.ShouldBe(ErrorCode.Corrupt);
        await _store.SetStateAsync("mine", "[]"u8.ToArray(), 0, default);
        (await _store.GetStateAsync("mine", default)).ShouldBe("[]"u8.ToArray());
        (await _store.PublishAsync("people", People, default)).ShouldBeNull();
        _disk.Published("people").ShouldBe(People);
    }

    private static DocumentWrite Write(string id, long expected, long revision) => new(
        id, expected, revision,
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"age":{{revision}}}""")),
        new Dictionary<string, object?> { ["age"] = revision });

    private static DocumentWrite Aged(string id, long age) =>
        Write(id, 0, 1) with { IndexValues = new Dictionary<string, object?> { ["age"] = age } };

    private async Task MakeAsync() => await _store.EnsureCollectionAsync(
        new CollectionDefinition(People, [["age"]], LogChanges: true), default);

    private async Task BatchAsync(long seq) => await _store.WriteBatchAsync(
        [new CollectionWrites(People, [Write("a", seq - 1, seq), Aged($"a{seq}", seq)], MustApply: true)],
        [new WatermarkMove("views", 0, new Watermark(seq, seq * 10))], default);

    private async Task<string> TokenAsync() => (await _store.ReadChangesAsync(null, 1, default)).ResumeToken;

    private async Task<IEnumerable<string>> AgesAsync() => (await _store.QueryAsync(new DocumentQuery(
        People, new Dictionary<string, object>(), "age", null, null, false, [], null, null, 100), default))
        .Select(document => document.Id);
}
