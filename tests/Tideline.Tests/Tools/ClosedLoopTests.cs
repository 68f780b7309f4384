using Tideline.Tools.Load;

namespace Tideline.Tests.Tools;

public sealed class ClosedLoopTests
{
    [Fact]
    public async Task Every_run_that_began_while_it_was_measured_counts()
    {
        var runs = 0;
        var result = await ClosedLoop.RunAsync(2, TimeSpan.FromMilliseconds(50),
            _ => Task.FromResult(Interlocked.Increment(ref runs)), TestContext.Current.CancellationToken);
        result.Latencies.Count.ShouldBe(runs);
    }

    [Fact]
    public async Task A_load_of_which_nothing_was_measured_is_no_figure()
    {
        // Its only run begins before the measuring does, and ends after it.
        var time = new LoadTime(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(1));
        await Should.ThrowAsync<TimeoutException>(() => ClosedLoop.RunAsync(1,
            time, _ => Task.Delay(100, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken));
    }
}
