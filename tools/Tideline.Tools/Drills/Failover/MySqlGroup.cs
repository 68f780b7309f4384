using System.Globalization;
using System.Text.Json.Nodes;
using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Kernel;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Failover;

/// <summary>What happens to a primary.</summary>
internal enum Blow
{
    /// <summary>SIGKILL.</summary>
    Killed,

    /// <summary>SIGSTOP, and SIGCONT later: it believes that it is the primary.</summary>
    Paused,

    /// <summary>
    /// Nothing that it says reaches anybody, and its connections stay open. Of a process: nothing passes between it and
    /// MySQL.
    /// </summary>
    CutOff,

    /// <summary>SIGTERM: it drains. For the drill of owners alone.</summary>
    Ended,
}

/// <summary>
/// Three real MySQL servers on loopback as one group. Clients, replicas and controller reach each of them over a line
/// that can be cut.
/// </summary>
internal sealed class MySqlGroup : IAsyncDisposable
{
    private const int Members = 3, CatchUpSeconds = 60;
    internal static readonly string[] SmallMemory = ["--innodb-buffer-pool-size=96M",
        "--innodb-redo-log-capacity=64M", "--performance-schema-max-table-instances=200", "--max-connections=300"];
    private readonly Toxiproxy _lines;
    private readonly List<MySqlServer> _servers;
    private readonly List<int> _ports;

    private MySqlGroup(Toxiproxy lines, List<MySqlServer> servers, List<int> ports) =>
        (_lines, _servers, _ports) = (lines, servers, ports);

    /// <summary>The group as the ledger and the controller take it.</summary>
    public string Address => $"Server={string.Join(',', _ports.Select(port => $"127.0.0.1:{port}"))};User ID=root";

    public string Version => _servers[0].Version;

    /// <summary>Starts the servers; a controller makes a group of them.</summary>
    /// <exception cref="TidelineException">NotFound: MySQL or Toxiproxy cannot be had here. StorageUnavailable: one did
    /// not start.</exception>
    public static async Task<MySqlGroup> StartAsync(string folder, CancellationToken cancel)
    {
        var group = new MySqlGroup(Toxiproxy.Prepare(Path.Combine(folder, "lines")), [], []);
        try
        {
            await group._lines.StartAsync(cancel);
            for (var member = 0; member < Members; member++)
            {
                var server = await MySqlServer.PrepareAsync(Path.Combine(folder, $"mysql-{member}"),
                    serverId: member + 1, options: [.. SmallMemory, .. GroupSetup.ServerOptions], cancel: cancel);
                group._servers.Add(server);
                server.Launch();
                group._ports.Add(await group._lines.OpenAsync(Line(member), server.Ports[0], cancel));
            }

            foreach (var server in group._servers) await server.WaitReadyAsync(cancel);
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>The number of a member by its name in the group.</summary>
    public int Find(string name) =>
        _ports.FindIndex(port => name == string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));

    public async Task StrikeAsync(int member, Blow blow, CancellationToken cancel)
    {
        switch (blow)
        {
            case Blow.Killed:
                await _servers[member].KillAsync();
                break;
            case Blow.Paused:
                _servers[member].Pause();
                break;
            default:
                await _lines.HarmAsync(
                    Line(member), "timeout", "downstream", new JsonObject { ["timeout"] = 0 }, cancel);
                break;
        }
    }

    public async Task HealAsync(int member, Blow blow, CancellationToken cancel)
    {
        switch (blow)
        {
            case Blow.Killed:
                await _servers[member].StartAsync(cancel);
                break;
            case Blow.Paused:
                _servers[member].Continue();
                break;
            default:
                await _lines.HealAsync(Line(member), "timeout", cancel);
                break;
        }
    }

    /// <summary>Waits until every member has carried out what the primary has now.</summary>
    /// <exception cref="TimeoutException">One did not.</exception>
    public async Task CatchUpAsync(int primary, CancellationToken cancel)
    {
        var all = await AskAsync(primary, "SELECT @@gtid_executed", cancel);
        for (var member = 0; member < Members; member++)
        {
            if (await AskAsync(
                member, $"SELECT WAIT_FOR_EXECUTED_GTID_SET('{all}', {CatchUpSeconds})", cancel) is not 0L)
                throw new TimeoutException(
                    $"After {CatchUpSeconds} s {Line(member)} has not carried out what the primary had.");
        }
    }

    /// <summary>
    /// What an operator does with a member in quarantine: its data is replaced by a copy of the primary's.
    /// </summary>
    public async Task ReseedAsync(int member, int primary, CancellationToken cancel)
    {
        await GroupSetup.ReseedAsync(One(member), One(primary), cancel);
        // Nothing watches over the server here: it ends with its new data.
        while (_servers[member].Process.IsAlive) await Task.Delay(50, cancel);
        await _servers[member].StartAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        await _lines.DisposeAsync();
    }

    private async Task<object?> AskAsync(int member, string sql, CancellationToken cancel)
    {
        await using var connection = new MySqlConnection($"Server=127.0.0.1;Port={_ports[member]};User "
            + $"ID=root;Pooling=false;DefaultCommandTimeout={2 * CatchUpSeconds}");
        await connection.OpenAsync(cancel);
        await using var command = new MySqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancel);
    }

    private string One(int member) =>
        string.Create(CultureInfo.InvariantCulture, $"Server=127.0.0.1:{_ports[member]};User ID=root");

    private static string Line(int member) => string.Create(CultureInfo.InvariantCulture, $"mysql-{member}");
}
