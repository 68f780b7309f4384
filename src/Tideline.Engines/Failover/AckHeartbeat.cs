using System.Globalization;
using MySqlConnector;

namespace Tideline.Engines.Failover;

/// <summary>
/// Keeps sending small commits to the primary. After a replica reconnects, it does not acknowledge a commit that it had
/// already received, and that commit would wait indefinitely. The acknowledgement of any later commit counts for
/// earlier ones too, so the heartbeat ensures that there is always a later one.
/// </summary>
internal sealed class AckHeartbeat
{
    // A waiting heartbeat holds its row, so the next one uses another row.
    private const int Rows = 16;
    private int _next;
    private int _waiting;

    /// <summary>Sends a heartbeat without waiting for it.</summary>
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
            // The probes report what is wrong with the primary.
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
