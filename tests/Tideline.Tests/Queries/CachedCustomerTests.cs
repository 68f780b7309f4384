using CsCheck;
using Tideline.Kernel;
using Tideline.Queries;

namespace Tideline.Tests.Queries;

public sealed class CachedCustomerTests
{
    [Fact]
    public void An_entry_is_read_as_it_was_written() => Gen.Select(
        Gen.Long, Gen.Long.Array[1, Limits.Shards], Gen.Byte.Array[1, 500]).Sample((asOfUs, positions, json) =>
    {
        var read = CachedRead.Parse("k", new CachedRead(new FreshnessProof(asOfUs, positions), json).ToBytes("k"))
            .ShouldNotBeNull();
        read.Horizon.AsOfUs.ShouldBe(asOfUs);
        read.Horizon.Positions.ShouldBe(positions);
        read.Json.ToArray().ShouldBe(json);
    }, iter: 200);

    [Fact]
    public void What_is_no_entry_is_not_there()
    {
        var entry = new CachedRead(new FreshnessProof(1, [2, 3]), "{}"u8.ToArray()).ToBytes("k");
        for (var length = 0; length < entry.Length; length++)
            CachedRead.Parse("k", entry.AsMemory(0, length)).ShouldBeNull();
        CachedRead.Parse("k", Enumerable.Repeat((byte)1, 100).ToArray()).ShouldBeNull();
    }

    [Fact]
    public void An_entry_with_a_flipped_bit_is_not_there()
    {
        var entry = new CachedRead(new FreshnessProof(1, [2, 3]), "{\"posted\":\"1.00\"}"u8.ToArray()).ToBytes("k");
        for (var bit = 0; bit < entry.Length * 8; bit++)
        {
            entry[bit / 8] ^= (byte)(1 << bit % 8);
            CachedRead.Parse("k", entry).ShouldBeNull();
            entry[bit / 8] ^= (byte)(1 << bit % 8);
        }

        CachedRead.Parse("k", entry).ShouldNotBeNull();
    }

    [Fact]
    public void An_entry_is_not_that_of_another_key() => CachedRead.Parse(
        "j", new CachedRead(new FreshnessProof(1, [2, 3]), "{}"u8.ToArray()).ToBytes("k")).ShouldBeNull();

    [Fact]
    public void An_entry_proves_nothing_of_a_shard_that_it_does_not_know() =>
        new FreshnessProof(0, [5]).Proves(ReadConsistency.Session([new Position(1, 1)]), 0).ShouldBeFalse();

    [Fact]
    public void An_entry_from_the_future_proves_nothing()
    {
        var horizon = new FreshnessProof(AsOfUs: 11, [5]);
        horizon.Proves(ReadConsistency.Eventual, nowUs: 11).ShouldBeTrue();
        foreach (var asked in new[]
        {
            ReadConsistency.Eventual, ReadConsistency.Bounded(1_000), ReadConsistency.Session([new Position(0, 1)])
        })
            horizon.Proves(asked, nowUs: 10).ShouldBeFalse();
    }
}
