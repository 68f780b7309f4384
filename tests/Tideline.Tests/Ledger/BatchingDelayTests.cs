using Microsoft.Extensions.Time.Testing;
using Tideline.Ledger;

namespace Tideline.Tests.Ledger;

public sealed class BatchingDelayTests
{
    private readonly object _gate = new();
    private readonly FakeTimeProvider _time = new();
    private int _looks;

    [Fact]
    public void As_many_as_were_answered_together_are_waited_for() =>
        LooksUntilTaken(commands: 4, tookMs: 80, waiting: look => look, isWorthIt: true).ShouldBe(4);

    [Fact]
    public void Nobody_waits_who_is_alone() =>
        LooksUntilTaken(commands: 1, tookMs: 80, waiting: _ => 1, isWorthIt: true).ShouldBe(1);

    [Fact]
    public void Where_commit_waits_for_nothing_nothing_gathers() =>
        LooksUntilTaken(commands: 4, tookMs: 80, waiting: _ => 1, isWorthIt: false).ShouldBe(0);

    [Fact]
    public void An_eighth_of_the_last_batch_is_the_most() =>
        LooksUntilTaken(commands: 4, tookMs: 8, waiting: Later(0.3), isWorthIt: true).ShouldBe(5);

    [Fact]
    public void Nothing_waits_longer_than_its_limit() =>
        LooksUntilTaken(commands: 4, tookMs: 10_000, waiting: Later(LedgerLimits.GatherMs / 2),
            isWorthIt: true).ShouldBe(3);

    // Each look finds one command and a clock that has gone on.
    private Func<int, int> Later(double ms) => look =>
    {
        if (look > 1) _time.Advance(TimeSpan.FromMilliseconds(ms));
        return 1;
    };

    private int LooksUntilTaken(int commands, double tookMs, Func<int, int> waiting, bool isWorthIt)
    {
        var gathering = new BatchingDelay(isWorthIt, _gate, () => waiting(++_looks), () => false, _time);
        gathering.Note(commands, TimeSpan.FromMilliseconds(tookMs));
        lock (_gate) gathering.Wait();
        return _looks;
    }
}
