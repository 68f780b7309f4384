using System.Diagnostics;
using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>
/// One failover:
/// <code>
///  1 fence    the replicas drop their connections to the old primary, which gets no more acknowledgements
///  2 pick     the member that has everything that any other member has
///  3 drain    it applies what it has received
///  4 promote  the others follow it; one of them acknowledges its term; it accepts writes
/// </code>
/// After any fault the group has no primary, and the next round starts at 1.
/// </summary>
internal sealed class Promotion(
    FailoverOptions options, IReadOnlyList<GroupMember> candidates, long term, AckHeartbeat heartbeat)
{
    /// <returns>The new primary and the duration of the steps after the fence, milliseconds.</returns>
    /// <exception cref="TidelineException">Corrupt: the members contradict each other, and none may be chosen.
    /// StorageUnavailable: a member was lost meanwhile.</exception>
    public async Task<(GroupMember Primary, double DrainMs, double PromoteMs)> RunAsync(CancellationToken cancel)
    {
        // :: 1
        await Task.WhenAll(candidates.Select(member => FenceAsync(member, cancel)));
        var fenced = Stopwatch.GetTimestamp();

        // :: 2, 3
        var chosen = await PickAsync(cancel);
        await DrainAsync(chosen, cancel);
        var drained = Stopwatch.GetTimestamp();

        // :: 4
        await chosen.EndApplierAsync(cancel);
        // A replica that has all previous logs starts to read at the new one. Finding its position in a large log would
        // take as long as reading it.
        await chosen.ExecuteAsync(
            "RESET REPLICA ALL; FLUSH LOCAL BINARY LOGS; SET GLOBAL rpl_semi_sync_source_enabled = ON", cancel);
        var others = candidates.Where(member => member != chosen).ToArray();
        await Task.WhenAll(others.Select(member => FollowAsync(member, chosen, cancel)));
        // Read-only except for administrators, until a replica has acknowledged the term.
        var opened = chosen.ExecuteAsync(
            string.Create(CultureInfo.InvariantCulture,
                $"SET GLOBAL read_only = ON; SET GLOBAL super_read_only = OFF; INSERT INTO tideline_group.topology "
                    + $"VALUES ({term}, '{chosen.Name}', UTC_TIMESTAMP(6)); SET GLOBAL read_only = OFF"),
            cancel);
        while (await Task.WhenAny(opened, Task.Delay(2 * FailoverLimits.PollMs, cancel)) != opened)
            heartbeat.Send(chosen);
        await opened;
        return (chosen, Ms(fenced, drained), Ms(drained, Stopwatch.GetTimestamp()));
    }

    // Probed again after the fence: everything that arrived until then counts, and nothing more can arrive.
    private static async Task FenceAsync(GroupMember member, CancellationToken cancel)
    {
        await member.ExecuteAsync("SET GLOBAL super_read_only = ON; STOP REPLICA IO_THREAD", cancel);
        await member.ProbeAsync(cancel);
        if (member.State is null) throw new TidelineException(
            ErrorCode.StorageUnavailable, $"{member.Name} was lost while it was fenced: {member.Fault}.");
    }

    // A replica keeps applying what it has received; only its connection changes.
    private Task FollowAsync(GroupMember member, GroupMember chosen, CancellationToken cancel)
    {
        var follow = member.State!.Source is null
            ? options.Follow(chosen.Address)
            : FailoverOptions.Redirect(chosen.Address);
        return member.ExecuteAsync(
            $"SET GLOBAL rpl_semi_sync_source_enabled = OFF; {follow}; START REPLICA", cancel);
    }

    private async Task<GroupMember> PickAsync(CancellationToken cancel)
    {
        var judge = candidates[0];
        foreach (var member in candidates)
        {
            var others = candidates.Where(other => other != member).ToArray();
            var has = await Task.WhenAll(others.Select(async other => (await judge.AskAsync(
                $"SELECT GTID_SUBSET('{other.State!.Has}', '{member.State!.Has}')", cancel)) is 1L or 1));
            if (has.All(all => all)) return member;
        }

        throw new TidelineException(ErrorCode.Corrupt, $"No member has everything that the others have: "
            + $"{string.Join("; ", candidates.Select(member => $"{member.Name} has {member.State!.Has}"))}. An "
            + $"operator must decide.");
    }

    private static async Task DrainAsync(GroupMember chosen, CancellationToken cancel)
    {
        if (chosen.State!.Received.Length == 0) return;
        await chosen.ExecuteAsync("START REPLICA SQL_THREAD", cancel);
        var seconds = FailoverLimits.StepMs / 1_000.0 * 0.9;
        var answer = await chosen.AskAsync(string.Create(CultureInfo.InvariantCulture,
            $"SELECT WAIT_FOR_EXECUTED_GTID_SET('{chosen.State.Received}', {seconds})"), cancel);
        if (Convert.ToInt64(answer, CultureInfo.InvariantCulture) != 0) throw new TidelineException(
            ErrorCode.StorageUnavailable, $"{chosen.Name} has not yet applied what it received.");
    }

    private static double Ms(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
