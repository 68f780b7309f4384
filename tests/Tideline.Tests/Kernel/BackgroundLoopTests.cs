using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Tests.Log;

namespace Tideline.Tests.Kernel;

/// <summary>What every background part of the node has in common.</summary>
public sealed class BackgroundLoopTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fault_of_any_kind_ends_no_loop_and_shows_until_a_pass_succeeds(bool isStrayCancellation)
    {
        var (isBroken, passes) = (true, 0);
        await using var loop = Loop(_ =>
        {
            Interlocked.Increment(ref passes);
            if (!Volatile.Read(ref isBroken)) return Task.Delay(1, CancellationToken.None);
            throw isStrayCancellation ? new OperationCanceledException("Somebody else's.")
                : new InvalidOperationException("It is broken.");
        });
        loop.Fault.ShouldBeNull();
        loop.Start();
        await Eventually.IsTrueAsync(() => Volatile.Read(ref passes) > 2);
        var told = isStrayCancellation ? "Somebody else's." : "It is broken.";
        loop.Fault.ShouldBe($"The part keeps failing and is retried: {told}");
        Volatile.Write(ref isBroken, false);
        await Eventually.IsTrueAsync(() => loop.Fault is null);
    }

    [Fact]
    public async Task A_pass_that_does_not_return_stands_still_after_a_while()
    {
        var time = new FakeTimeProvider();
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var loop = Loop(
            cancel =>
            {
                var pass = hangs.Task.IsCompleted ? Task.Delay(Timeout.Infinite, cancel) : hangs.Task;
                begun.TrySetResult();
                return pass;
            },
            time);
        loop.Start();
        await begun.Task;
        time.Advance(TimeSpan.FromMilliseconds(Limits.LoopStallMs));
        loop.Fault.ShouldBeNull();
        time.Advance(TimeSpan.FromSeconds(2));
        loop.Fault.ShouldBe("The part has made no progress for 32 s.");
        hangs.SetResult();
        await Eventually.IsTrueAsync(() => loop.Fault is null);
    }

    [Fact]
    public async Task A_pass_that_moves_and_then_fails_each_time_shows_its_fault_all_the_while()
    {
        var (passes, moved) = (0, new SemaphoreSlim(0));
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        BackgroundLoop loop = null!;
        loop = Loop(async _ =>
        {
            loop.Beat();
            if (Interlocked.Increment(ref passes) == 2)
            {
                moved.Release();
                await hold.Task;
            }

            throw new InvalidOperationException("It is broken.");
        });
        await using (loop)
        {
            loop.Start();
            await moved.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            loop.Fault.ShouldBe("The part keeps failing and is retried: It is broken.");
            hold.SetResult();
        }
    }

    [Fact]
    public async Task Only_its_own_end_ends_it_and_that_is_no_fault()
    {
        var loop = Loop(cancel => Task.Delay(Timeout.Infinite, cancel));
        loop.Start();
        await loop.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        loop.Fault.ShouldBeNull();
    }

    private static BackgroundLoop Loop(Func<CancellationToken, Task> pass, TimeProvider? time = null) =>
        new("part", pass, TimeSpan.Zero, time ?? TimeProvider.System, NullLogger.Instance);
}
