using System.Diagnostics;
using System.Globalization;
using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Kernel;
using Tideline.Tools.Drills.Failover;

namespace Tideline.Tools.Servers;

/// <summary>
/// A primary and two semi-synchronous replicas on loopback, with the settings that failover requires and nobody who
/// watches over them: to measure what a replica's acknowledgement costs.
/// </summary>
internal sealed class SemiSyncGroup : IAsyncDisposable
{
    private const int Members = 3;
    private static readonly TimeSpan FollowLimit = TimeSpan.FromSeconds(30), Poll = TimeSpan.FromMilliseconds(50);
    private readonly List<MySqlServer> _servers = [];

    /// <summary>The primary, as a lone server is named.</summary>
    public string Primary => _servers[0].Address;

    /// <summary>The port of each server, the primary's first.</summary>
    public IReadOnlyList<int> Ports => [.. _servers.Select(server => server.Ports[0])];

    /// <summary>Starts the servers, makes them a group, and waits until both replicas follow.</summary>
    /// <exception cref="TidelineException">NotFound: MySQL cannot be had here. StorageUnavailable: a server did not
    /// start, or the group could not be made.</exception>
    /// <exception cref="TimeoutException">A replica does not follow.</exception>
    public static async Task<SemiSyncGroup> StartAsync(string folder, CancellationToken cancel)
    {
        var group = new SemiSyncGroup();
        try
        {
            for (var member = 1; member <= Members; member++)
            {
                group._servers.Add(await MySqlServer.PrepareAsync(
                    Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"mysql-{member}")),
                    serverId: member,
                    options: [.. MySqlGroup.SmallMemory, .. GroupSetup.ServerOptions], cancel: cancel));
                group._servers[^1].Launch();
            }

            foreach (var server in group._servers) await server.WaitReadyAsync(cancel);
            var members = group._servers.Select(server => $"127.0.0.1:{server.Ports[0]}");
            var named = $"Server={string.Join(',', members)};User ID=root";
            await GroupSetup.MakeAsync(new FailoverOptions { Group = named }, cancel);
            await group.FollowedAsync(cancel);
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>How many commits of the primary a replica has acknowledged before they were answered.</summary>
    /// <exception cref="TidelineException">Internal: the primary does not wait for its replicas, or has answered a
    /// commit that none acknowledged; what was measured is not semi-synchronous.</exception>
    public async Task<long> AcknowledgedAsync(CancellationToken cancel)
    {
        var status = await StatusAsync(cancel);
        if (status["Rpl_semi_sync_source_status"] == "ON"
            && status["Rpl_semi_sync_source_no_tx"] == "0" && Followers(status) == Members - 1)
            return long.Parse(status["Rpl_semi_sync_source_yes_tx"], CultureInfo.InvariantCulture);
        throw new TidelineException(ErrorCode.Internal, $"The group is not semi-synchronous, so nothing was measured: "
            + $"{string.Join(", ", status.Select(each => $"{each.Key} = {each.Value}"))}.");
    }

    /// <summary>Ends the primary at once, as kill -9 does.</summary>
    public Task KillPrimaryAsync() => _servers[0].KillAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
    }

    private async Task FollowedAsync(CancellationToken cancel)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Followers(await StatusAsync(cancel)) < Members - 1)
        {
            if (Stopwatch.GetElapsedTime(begun) > FollowLimit) throw new TimeoutException(
                $"After {FollowLimit.TotalSeconds:0} s not every replica follows the primary.");
            await Task.Delay(Poll, cancel);
        }
    }

    private async Task<Dictionary<string, string>> StatusAsync(CancellationToken cancel)
    {
        await using var connection = new MySqlConnection(Primary);
        await connection.OpenAsync(cancel);
        const string Sql = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Rpl_semi_sync_source_status',"
            + "'Rpl_semi_sync_source_clients','Rpl_semi_sync_source_yes_tx','Rpl_semi_sync_source_no_tx')";
        await using var command = new MySqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var status = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel)) status[reader.GetString(0)] = reader.GetString(1);
        return status;
    }

    private static int Followers(Dictionary<string, string> status) =>
        int.Parse(status["Rpl_semi_sync_source_clients"], CultureInfo.InvariantCulture);
}
