using Tideline.Engines.Ledger.Sqlite;

namespace Tideline.Engines.Tests.Ledger.Sqlite;

public sealed class EntryChainTests
{
    [Fact]
    public void Jumps_follow_from_versions_alone() =>
        Enumerable.Range(1, 15).Select(version => EntryChain.JumpOf(version))
            .ShouldBe([0, 1, 0, 3, 4, 3, 0, 7, 8, 7, 10, 11, 10, 7, 0]);

    [Fact]
    public void Any_entry_is_found_from_any_later_one_in_logarithmic_steps()
    {
        foreach (var newest in (long[])[1, 2, 100, 1_023, 1_024, 3_000, 1_000_000_007])
        {
            var most = 3 * Math.Log2(newest) + 3;
            for (var wanted = newest; wanted > 0; wanted -= 1 + newest / 500)
                StepsTo(wanted, newest).ShouldBeLessThanOrEqualTo((int)most);
        }
    }

    [Fact]
    public void A_tail_keeps_exactly_what_later_entries_link_to()
    {
        var tail = new EntryTail([]);
        for (var version = 1; version <= 2_000; version++)
        {
            // Rows that are not versions.
            var (previous, jump) = tail.Append(version, Row(version));
            previous.ShouldBe(Row(version - 1));
            jump.ShouldBe(Row(EntryChain.JumpOf(version)));
            var packed = tail.Pack(new byte[EntryTail.MostBytes]);
            EntryTail.Newest(packed).ShouldBe(Row(version));
            if (version % 7 == 0) tail = new EntryTail(packed);
        }

        static long Row(long version) => version == 0 ? 0 : 10_000 + version * 3;
    }

    [Fact]
    public void The_largest_version_has_a_tail_that_fits()
    {
        var trees = 0;
        for (var version = long.MaxValue - 1; version > 0; version = EntryChain.JumpOf(version)) trees++;
        trees.ShouldBeLessThanOrEqualTo(EntryChain.MostRows);
    }

    private static int StepsTo(long wanted, long newest)
    {
        var steps = 0;
        for (var at = newest; at > wanted; steps++)
        {
            var jump = EntryChain.JumpOf(at);
            at = jump >= wanted ? jump : at - 1;
        }

        return steps;
    }
}
