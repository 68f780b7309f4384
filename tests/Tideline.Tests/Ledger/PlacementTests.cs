using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tests.Ledger;

public sealed class PlacementTests
{
    [Fact]
    public void New_data_is_spread_evenly_over_the_groups()
    {
        var placement = Placement.Over(5, 2);
        placement.Version.ShouldBe(1);
        placement.Shards.Select(place => (place.Group, place.Epoch))
            .ShouldBe([(0, 1L), (1, 1L), (0, 1L), (1, 1L), (0, 1L)]);
        Should.NotThrow(() => placement.Require(2));
        Should.NotThrow(() => placement.Require(3));
    }

    [Fact]
    public void A_group_that_the_configuration_does_not_name_is_refused_by_its_shard()
    {
        var refused = Should.Throw<TidelineException>(() => Placement.Over(4, 3).Require(2));
        refused.Code.ShouldBe(ErrorCode.InvalidInput);
        refused.Message.ShouldStartWith("Shard 2 is placed on MySQL group 2, but the configuration names only 2");
    }

    [Theory]
    [InlineData(0, 1, 0, 1)]
    [InlineData(1, 0, 0, 1)]
    [InlineData(1, Limits.Shards + 1, 0, 1)]
    [InlineData(1, 1, -1, 1)]
    [InlineData(1, 1, 0, 0)]
    public void What_is_no_map_of_shards_is_refused(long version, int shards, int group, long epoch)
    {
        var damaged = new Placement(version, [.. Enumerable.Repeat(new ShardPlace(group, epoch), shards)]);
        Should.Throw<TidelineException>(() => damaged.Require(1)).Code.ShouldBe(ErrorCode.Corrupt);
    }

    [Fact]
    public void Placements_are_the_same_when_their_version_and_every_place_is()
    {
        Placement.Over(3, 2).IsSame(Placement.Over(3, 2)).ShouldBeTrue();
        Placement.Over(3, 2).IsSame(Placement.Over(3, 1)).ShouldBeFalse();
        Placement.Over(3, 2).IsSame(Placement.Over(3, 2) with { Version = 2 }).ShouldBeFalse();
    }
}
