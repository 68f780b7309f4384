using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;

namespace Tideline.Tests.Kernel;

public sealed class IdTests
{
    [Fact]
    public void Ids_are_version_7_and_sort_by_time()
    {
        var time = new FakeTimeProvider(
            DateTimeOffset.Parse("2026-01-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        var ids = new IdGenerator(time);
        var first = ids.Next();
        time.Advance(TimeSpan.FromMilliseconds(1));
        var second = ids.Next();
        first.Version.ShouldBe(7);
        (first.Variant & 0xC).ShouldBe(0x8);
        string.CompareOrdinal(first.ToString(), second.ToString()).ShouldBeLessThan(0);
    }

    [Fact]
    public void The_same_seed_gives_the_same_ids()
    {
        var time = new FakeTimeProvider();
        var left = new IdGenerator(time, 7);
        var right = new IdGenerator(time, 7);
        for (var draw = 0; draw < 100; draw++) left.Next().ShouldBe(right.Next());
    }

    [Fact]
    public void Ids_spread_evenly_over_shards()
    {
        var map = new ShardMap(4);
        var ids = new IdGenerator(TimeProvider.System, 1);
        var counts = new int[4];
        for (var draw = 0; draw < 4_000; draw++) counts[map.ShardOf(ids.Next())]++;
        counts.ShouldAllBe(count => count > 850 && count < 1_150);
    }

    [Fact]
    public void A_new_id_for_a_shard_lives_there_and_is_new()
    {
        var ids = new IdGenerator(TimeProvider.System, 1);
        foreach (var shards in (int[])[1, 2, 64])
        {
            var map = new ShardMap(shards);
            var drawn = Enumerable.Range(0, 1_000).Select(draw => map.NextOn(draw % shards, ids)).ToList();
            drawn.Select(map.ShardOf).ShouldBe(Enumerable.Range(0, 1_000).Select(draw => draw % shards));
            drawn.ShouldAllBe(id => id.Version == 7 && (id.Variant & 0xC) == 8);
            drawn.Distinct().Count().ShouldBe(1_000);
        }
    }

    [Fact]
    public void The_shard_of_an_id_is_frozen()
    {
        var id = Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057");
        new[] { 1, 2, 3, 4, 8, 64 }.Select(shards => new ShardMap(shards).ShardOf(id)).ShouldBe(FrozenShards);
    }

    private static readonly int[] FrozenShards = [0, 1, 0, 1, 5, 5];
}
