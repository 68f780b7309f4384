using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>What a clock must satisfy before a batch is stamped with it. See docs/decisions/0022.</summary>
internal static class ClockRules
{
    /// <summary>
    /// The time of the next batch: later than every earlier batch, and no earlier than a fence unless the fence is too
    /// far ahead.
    /// </summary>
    public static long StampUs(long nowUs, long headUs, long notBeforeUs) =>
        Math.Max(Math.Max(nowUs, headUs + 1), Math.Min(notBeforeUs, nowUs + Limits.ClockApartMs * 1_000L));

    /// <summary>
    /// Why a shard takes no commands at present: its newest commit is too far ahead. Null if it is not.
    /// </summary>
    public static string? Behind(int shard, long headUs, long nowUs) =>
        headUs - nowUs <= LedgerLimits.ClockBehindMs * 1_000L
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"The clock of this process is behind: it says {Clock.FromUs(nowUs):u}, but the newest commit of shard "
            + $"{shard} is of {Clock.FromUs(headUs):u}. Commands are refused until the clock has passed that. Set the "
            + $"system clock right and restart.");

    /// <summary>
    /// Refuses a clock by which the newest event of all shards is more than <see cref="LedgerLimits.ClockIdleDays"/>
    /// days old.
    /// </summary>
    /// <exception cref="TidelineException">ClockWrong.</exception>
    public static async Task RequireAsync(GeneralLedger ledger, CancellationToken cancel)
    {
        var newestUs = 0L;
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            var head = await ledger.RawReader(shard).GetHeadAsync(cancel);
            if (head.EventSeq == 0) continue;
            var last = await ledger.RawReader(shard).GetEventsAsync(head.EventSeq - 1, 1, cancel);
            if (last is [var newest]) newestUs = Math.Max(newestUs, newest.TimeUs);
        }

        var nowUs = ledger.Clock.NowUs();
        if (newestUs == 0 || nowUs - newestUs <= TimeSpan.FromDays(LedgerLimits.ClockIdleDays).TotalMicroseconds)
            return;
        throw new TidelineException(ErrorCode.ClockWrong, string.Create(
            CultureInfo.InvariantCulture,
            $"The clock says {Clock.FromUs(nowUs):u}, but the newest event of this installation is of "
            + $"{Clock.FromUs(newestUs):u}, more than {LedgerLimits.ClockIdleDays} days earlier. "
            + $"Set the system clock right, "
            + $"or start with --accept-clock if it is right."));
    }
}
