using System.Diagnostics;
using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>
/// Makes an old primary that has come back read-only. Commits there wait for an acknowledgement that will never come;
/// if waiting were simply switched off, they would be answered as done. So new writes are blocked first, then every
/// session is killed, and only then may the waiting commits finish, with no client left to receive an answer.
/// </summary>
internal static class Demotion
{
    private const string Others = "SELECT ID, COMMAND FROM information_schema.PROCESSLIST WHERE USER <> 'system user' "
        + "AND COMMAND NOT IN ('Daemon', 'Binlog Dump GTID', 'Binlog Dump')";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(FailoverLimits.PollMs);

    /// <exception cref="TidelineException">StorageUnavailable: it could not be done in time. Retry; nothing was
    /// answered wrongly.</exception>
    public static async Task RunAsync(GroupMember member, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            await using var holder = await member.OpenAsync(cancel);
            await using var looker = await member.OpenAsync(cancel);
            await using var hold = new MySqlCommand(
                "SET GLOBAL super_read_only = ON", holder)
            { CommandTimeout = FailoverLimits.DemotionMs / 1_000 };
            var held = hold.ExecuteNonQueryAsync(cancel);
            await WaitUntilHeldAsync(looker, holder.ServerThread, held, cancel);
            long[] own = [holder.ServerThread, looker.ServerThread,
                Convert.ToInt64(await member.AskAsync("SELECT CONNECTION_ID()", cancel), CultureInfo.InvariantCulture)];
            while (await EndSessionsAsync(looker, own, cancel) > 0 && Stopwatch.GetElapsedTime(began)
                .TotalMilliseconds < FailoverLimits.DemotionMs) await Task.Delay(Poll, cancel);
            if (held.IsFaulted) await held;
            await member.ExecuteAsync("SET GLOBAL rpl_semi_sync_source_enabled = OFF", cancel);
            await held;
        }
        catch (MySqlException fault)
        {
            throw new TidelineException(ErrorCode.StorageUnavailable,
                $"{member.Name} still accepts writes, which no replica acknowledges: {fault.Message}", fault);
        }
    }

    // Done, or waiting for the lock behind which every new write waits.
    private static async Task WaitUntilHeldAsync(
        MySqlConnection looker, int session, Task held, CancellationToken cancel)
    {
        await using var look = new MySqlCommand(string.Create(CultureInfo.InvariantCulture, $"SELECT COUNT(*) FROM "
            + $"information_schema.PROCESSLIST WHERE ID = {session} AND STATE LIKE 'Waiting for%lock'"), looker);
        while (!held.IsCompleted && await look.ExecuteScalarAsync(cancel) is 0L) await Task.Delay(Poll, cancel);
    }

    // Returns how many sessions were found that had not been killed before.
    private static async Task<int> EndSessionsAsync(MySqlConnection looker, long[] own, CancellationToken cancel)
    {
        var found = new List<long>();
        await using (var look = new MySqlCommand(Others, looker))
        await using (var reader = await look.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                if (!own.Contains(reader.GetInt64(0)) && reader.GetString(1) != "Killed") found.Add(reader.GetInt64(0));
            }
        }

        foreach (var session in found) await GroupMember.KillAsync(looker, session);
        return found.Count;
    }
}
