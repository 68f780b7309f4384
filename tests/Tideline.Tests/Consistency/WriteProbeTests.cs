using Microsoft.Extensions.Time.Testing;
using Tideline.Consistency;
using Tideline.Kernel;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Consistency;

public sealed class WriteProbeTests
{
    [Fact]
    public async Task A_probe_tells_a_full_disk_and_that_it_is_over_and_leaves_no_trace()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        FaultyStore faults = null!;
        await using var bank = await Bank.OpenAsync(shards: 2, time, wrap: store => faults = new FaultyStore(store));
        await bank.AccountAsync(0, 10_000);
        var heads = await HeadsAsync(bank);
        var probe = new WriteProbe(bank.Ledger, time);
        (await probe.CheckAsync()).ShouldBe([null, null]);
        (await HeadsAsync(bank)).ShouldBe(heads);

        faults.IsFull = true;
        // The last answer holds for a moment.
        (await probe.CheckAsync()).ShouldBe([null, null]);
        time.Advance(TimeSpan.FromMilliseconds(VerifyLimits.WriteProbeMs));
        (await probe.CheckAsync()).ShouldBe(["The disk is full.", "The disk is full."]);
        faults.IsFull = false;
        time.Advance(TimeSpan.FromMilliseconds(VerifyLimits.WriteProbeMs));
        (await probe.CheckAsync()).ShouldBe([null, null]);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_writer_that_stopped_stays_stopped_though_the_disk_is_well_again()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        FaultyStore faults = null!;
        await using var bank = await Bank.OpenAsync(shards: 1, time, wrap: store => faults = new FaultyStore(store));
        faults.IsBroken = true;
        await Should.ThrowAsync<TidelineException>(() => bank.CustomerAsync());
        faults.IsBroken = false;
        (await new WriteProbe(bank.Ledger, time).CheckAsync()).ShouldBe(["The disk does not answer."]);
    }

    private static async Task<(long, long)[]> HeadsAsync(Bank bank)
    {
        var heads = new List<(long, long)>();
        for (var shard = 0; shard < 2; shard++)
        {
            var head = await bank.Ledger.Reader(shard).GetHeadAsync(default);
            heads.Add((head.EventSeq, head.MessageSeq));
        }

        return [.. heads];
    }
}
