using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Tests.Kernel;

namespace Tideline.Tests.Ledger;

/// <summary>A time that is fenced is over: no commit comes at or before it any more.</summary>
public sealed class TimeFenceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_commit_comes_at_or_before_a_fenced_time_also_of_the_next_owner_with_an_earlier_clock()
    {
        var machine = MachineTime.InMarch();
        var folder = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
        var bank = await Bank.OpenAsync(1, machine, folder);
        var account = await bank.AccountAsync(0);
        machine.Advance(TimeSpan.FromSeconds(3));
        var fencedUs = bank.Ledger.NowUs(0);
        await bank.Ledger.FenceAsync(0, fencedUs, Cancel);
        bank.Ledger.CommittedHead(0).TimeUs.ShouldBeGreaterThanOrEqualTo(fencedUs);
        await bank.CloseAsync();

        machine.Jump(TimeSpan.FromSeconds(-2));
        await using var next = await Bank.OpenAsync(1, machine, folder);
        await next.DepositAsync(account, 1);
        var newest = await next.Ledger.Reader(0).GetEntriesAsync(account, long.MaxValue, 1, Cancel);
        newest.Single().TimeUs.ShouldBeGreaterThan(fencedUs);
    }

    [Fact]
    public async Task A_time_that_the_head_has_passed_costs_no_commit()
    {
        await using var bank = await Bank.OpenAsync(1);
        await bank.AccountAsync(0, 1);
        var commits = 0;
        bank.Ledger.Committed += _ => Interlocked.Increment(ref commits);
        var head = bank.Ledger.CommittedHead(0).TimeUs;
        await bank.Ledger.FenceAsync(0, head, Cancel);
        commits.ShouldBe(0);
        await bank.Ledger.FenceAsync(0, head + 1, Cancel);
        commits.ShouldBe(1);
    }

    [Fact]
    public async Task A_fence_does_not_move_the_head_further_ahead_than_two_clocks_may_be_apart()
    {
        var machine = MachineTime.InMarch();
        await using var bank = await Bank.OpenAsync(1, machine);
        var farUs = machine.NowUs() + 3_600_000_000;
        var refused = await Should.ThrowAsync<TidelineException>(bank.Ledger.FenceAsync(0, farUs, Cancel));
        refused.Code.ShouldBe(ErrorCode.ClockWrong);
        (bank.Ledger.CommittedHead(0).TimeUs - machine.NowUs()).ShouldBeLessThanOrEqualTo(Limits.ClockApartMs * 1_000L);
    }

    [Fact]
    public async Task Those_who_ask_while_one_is_under_way_share_the_next()
    {
        var (moves, first) = (new List<long>(), new TaskCompletionSource());
        var begun = new TaskCompletionSource();
        var fence = new TimeFence(async timeUs =>
        {
            lock (moves) moves.Add(timeUs);
            begun.TrySetResult();
            if (timeUs == 1) await first.Task;
        });
        var one = fence.MoveAsync(1);
        await begun.Task;
        var others = Enumerable.Range(2, 1_000).Select(timeUs => fence.MoveAsync(timeUs)).ToList();
        others.ShouldAllBe(other => !other.IsCompleted);
        first.SetResult();
        await one;
        await Task.WhenAll(others);
        moves.ShouldBe([1, 1_001]);
    }

    [Fact]
    public async Task One_that_fails_fails_for_those_who_asked_for_it_and_for_nobody_after()
    {
        var fails = true;
        var full = new TidelineException(ErrorCode.StorageUnavailable, "The disk is full.");
        var fence = new TimeFence(_ => fails ? Task.FromException(full) : Task.CompletedTask);
        (await Should.ThrowAsync<TidelineException>(fence.MoveAsync(1))).Code.ShouldBe(ErrorCode.StorageUnavailable);
        fails = false;
        await fence.MoveAsync(1);
    }
}
