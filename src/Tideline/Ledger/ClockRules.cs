using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>What a clock must fulfil before a batch is stamped with it. See docs/decisions/0022.</summary>
internal static class ClockRules
{
    /// <summary>
    /// The time of the next batch: above that of every earlier one, and at a fence's time, where that is not too
    /// far ahead.
    /// </summary>
    public static long StampUs(long nowUs, long headUs, long notBeforeUs) =>
        Math.Max(Math.Max(nowUs, headUs + 1), Math.Min(notBeforeUs, nowUs + Limits.ClockApartMs * 1_000L));

    /// <summary>
    /// Why a shard takes no commands now: its newest commit lies too far ahead. Null when it does not.
    /// </summary>
    public static string? Behind(int shard, long headUs, long nowUs) => headUs - nowUs <= Limits.ClockBehindMs * 1_000L
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"The clock of this process is behind: it says {Clock.FromUs(nowUs):u}, and the newest commit of shard "
            + $"{shard} is of {Clock.FromUs(headUs):u}. Commands are refused until the clock has passed that. Set the "
            + $"system clock right and restart.");

    /// <summary>
    /// Refuses a clock that says that the newest event of all shards is more than <see
    /// cref="Limits.ClockIdleDays"/> old.
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
        if (newestUs == 0 || nowUs - newestUs <= TimeSpan.FromDays(Limits.ClockIdleDays).TotalMicroseconds) return;
        throw new TidelineException(ErrorCode.ClockWrong, string.Create(
            CultureInfo.InvariantCulture,
            $"The clock says {Clock.FromUs(nowUs):u}, and the newest event of this installation is of "
            + $"{Clock.FromUs(newestUs):u}, more than {Limits.ClockIdleDays} days before. Set the system clock right, "
            + $"or start with --accept-clock if it is right."));
    }
}
