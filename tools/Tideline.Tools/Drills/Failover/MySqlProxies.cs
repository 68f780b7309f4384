using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Failover;

/// <summary>
/// The lines of one process to MySQL, which can fall silent: nothing gets through in either direction, and its
/// connections stay open.
/// </summary>
internal sealed class MySqlProxies
{
    private readonly Toxiproxy _proxy;
    private readonly List<string> _lines = [];
    private readonly List<string> _addresses = [];

    private MySqlProxies(Toxiproxy proxy) => _proxy = proxy;

    /// <summary>The primaries as the process takes them, behind its lines.</summary>
    public IReadOnlyList<string> Addresses => _addresses;

    /// <summary>Opens a line to each primary.</summary>
    /// <exception cref="TidelineException">InvalidInput: a primary is a group, whose members know each other by their
    /// own addresses.</exception>
    public static async Task<MySqlProxies> OpenAsync(
        Toxiproxy proxy, string process, IReadOnlyList<string> primaries, CancellationToken cancel)
    {
        var lines = new MySqlProxies(proxy);
        for (var number = 0; number < primaries.Count; number++)
        {
            var server = new MySqlConnectionStringBuilder(primaries[number]);
            if (server.Server.Contains(',', StringComparison.Ordinal))
                throw new TidelineException(ErrorCode.InvalidInput,
                    $"The members of a group ({server.Server}) cannot be put behind lines: name one server.");
            var line = string.Create(CultureInfo.InvariantCulture, $"{process}-mysql-{number}");
            var port = await proxy.OpenAsync(
                line, string.Create(CultureInfo.InvariantCulture, $"{server.Server}:{server.Port}"), cancel);
            (server.Server, server.Port) = ("127.0.0.1", (uint)port);
            lines._lines.Add(line);
            lines._addresses.Add(server.ConnectionString);
        }

        return lines;
    }

    public Task SilenceAsync(CancellationToken cancel) =>
        Task.WhenAll(_lines.Select(line => _proxy.SilenceAsync(line, cancel)));

    public Task HealAsync(CancellationToken cancel) =>
        Task.WhenAll(_lines.Select(line => _proxy.EndSilenceAsync(line, cancel)));
}
