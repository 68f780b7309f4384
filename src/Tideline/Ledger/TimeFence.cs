using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// Moves the time of one shard's head for all callers. One command is in flight at a time; calls in the meantime share
/// the next one.
/// </summary>
internal sealed class TimeFence(Func<long, Task> move)
{
    private readonly Lock _gate = new();
    private Round? _next;
    private Task _last = Task.CompletedTask;

    /// <summary>Completes when the head has durably reached a time; fails if it could not be moved there.</summary>
    public Task MoveAsync(long timeUs)
    {
        lock (_gate)
        {
            if (_next is not { } next) _last = (_next = next = new Round()).End = RunAsync(_last, next);
            next.TimeUs = Math.Max(next.TimeUs, timeUs);
            return next.End;
        }
    }

    private async Task RunAsync(Task before, Round round)
    {
        // Yield, so that this runs after the caller, which holds the lock.
        await Task.Yield();
        await before.ConfigureAwait(Background.WhateverItsEnd);
        lock (_gate) _next = null;
        await move(round.TimeUs);
    }

    private sealed class Round
    {
        public long TimeUs { get; set; }

        public Task End { get; set; } = Task.CompletedTask;
    }
}
