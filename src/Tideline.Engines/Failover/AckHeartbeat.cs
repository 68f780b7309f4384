using System.Globalization;
using MySqlConnector;

namespace Tideline.Engines.Failover;

/// <summary>
/// A small commit on the primary, again and again. A replica whose line was made anew and that had received a commit
/// already acknowledges it to nobody, and the commit waits for ever; but the acknowledgement of any later one counts
/// for it too. So there is always a later one.
/// </summary>
internal sealed class AckHeartbeat
{
    // A heartbeat that waits holds its row: the next one takes another.
    private const int Rows = 16;
    private int _next;
    private int _waiting;

    /// <summary>Sends one, and does not wait for it.</summary>
    public void Send(GroupMember primary)
    {
        if (Volatile.Read(ref _waiting) < Rows) _ = SendAsync(primary);
    }

    private async Task SendAsync(GroupMember primary)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await using var connection = await primary.OpenAsync(CancellationToken.None);
            var row = (uint)Interlocked.Increment(ref _next) % Rows;
            await using var command = new MySqlCommand(string.Create(CultureInfo.InvariantCulture,
                $"REPLACE INTO tideline_group.heartbeat VALUES ({row}, UTC_TIMESTAMP(6))"), connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception fault) when (fault is MySqlException or InvalidOperationException)
        {
            // The probes tell what is wrong with the primary.
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
