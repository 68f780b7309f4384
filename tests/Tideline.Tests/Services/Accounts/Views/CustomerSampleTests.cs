using Tideline.Services.Accounts.Views;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Services.Accounts.Views;

public sealed class CustomerSampleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sample_reaches_from_the_first_id_to_the_last()
    {
        await using var bank = await Bank.OpenAsync(shards: 1);
        var ids = new List<Guid>();
        while (ids.Count < 60) ids.Add(await bank.CustomerAsync());
        ids.Sort((left, right) => string.CompareOrdinal(left.ToString(), right.ToString()));

        var sample = await CustomerSample.EvenlyAsync(bank.Ledger.Reader(0), 10, Cancel);
        sample.Count.ShouldBeInRange(4, 11);
        sample.ShouldBeSubsetOf(ids);
        sample.ShouldContain(ids[0]);
        sample.ShouldContain(id => ids.IndexOf(id) > 45);
        sample.ShouldContain(id => ids.IndexOf(id) > 10 && ids.IndexOf(id) < 50);
        (await CustomerSample.EvenlyAsync(bank.Ledger.Reader(0), 61, Cancel)).ShouldBe(ids);
    }

    [Fact]
    public async Task A_shard_without_customers_has_no_sample()
    {
        await using var bank = await Bank.OpenAsync(shards: 1);
        (await CustomerSample.EvenlyAsync(bank.Ledger.Reader(0), 10, Cancel)).ShouldBeEmpty();
    }
}
