using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tests.Kernel;

public sealed class DerivedIdTests
{
    [Fact]
    public void A_derived_id_is_of_version_8_and_of_the_variant_of_the_rfc()
    {
        for (var number = 0; number < 100; number++)
        {
            var id = DerivedId.Of("refund", $"{number}");
            (id.Version, id.Variant & 0xC).ShouldBe((8, 8));
            DerivedId.IsDerived(id).ShouldBeTrue();
        }
    }

    [Fact]
    public void No_id_that_the_program_or_a_client_makes_is_one()
    {
        DerivedId.IsDerived(new IdGenerator(TimeProvider.System).Next()).ShouldBeFalse();
        DerivedId.IsDerived(Guid.Parse("9f1c0000-0000-4000-8000-000000000001")).ShouldBeFalse();
        DerivedId
            .IsDerived(new SystemAccounts(new ShardMap(4)).Id(AccountKind.Suspense, Currency.Parse("EUR"), 3))
            .ShouldBeTrue();
    }

    [Fact]
    public void Domains_and_parts_never_run_into_each_other()
    {
        Guid[] ids =
        [
            DerivedId.Of("a", "bc"),
            DerivedId.Of("ab", "c"),
            DerivedId.Of("abc", ""),
            DerivedId.Of("", "abc"),
            DerivedId.Of("1:a", "bc"),
        ];
        ids.Distinct().Count().ShouldBe(ids.Length);
        DerivedId.Of("a", "bc").ShouldBe(ids[0]);
    }

    [Fact]
    public void An_id_that_is_to_live_on_a_shard_does()
    {
        var map = new ShardMap(64);
        for (var shard = 0; shard < map.Shards; shard++)
            map.ShardOf(DerivedId.On(shard, map, "letter", "text")).ShouldBe(shard);
    }

    [Fact]
    public void Each_owner_has_a_clearing_account_of_its_own_on_every_shard()
    {
        var (map, euro) = (new ShardMap(8), Currency.Parse("EUR"));
        var accounts = new SystemAccounts(map);
        var ids = (
            from shard in Enumerable.Range(0, 8)
            from owner in Enumerable.Range(0, 8)
            select (shard, id: accounts.ClearingId(euro, shard, owner))).ToList();
        ids.Select(each => each.id).Distinct().Count().ShouldBe(64);
        ids.ShouldAllBe(each => map.ShardOf(each.id) == each.shard);
        accounts.ClearingId(euro, 3, 3).ShouldBe(accounts.Id(AccountKind.Clearing, euro, 3));
    }
}
