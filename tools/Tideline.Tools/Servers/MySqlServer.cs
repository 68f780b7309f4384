using System.Globalization;
using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>
/// A real MySQL server, as durable as in production, sized for a small machine. root needs no password, and only
/// loopback reaches it.
/// </summary>
internal sealed class MySqlServer : LocalServer
{
    private const int AskSeconds = 3;
    private static readonly TimeSpan InitializeLimit = TimeSpan.FromMinutes(3);
    private readonly string _root;
    private readonly int _serverId;
    private readonly IReadOnlyList<string> _options;

    private MySqlServer(string root, string folder, int port, int serverId, IReadOnlyList<string> options)
        : base("MySQL", folder, [port]) => (_root, _serverId, _options) = (root, serverId, options);

    public override string Address => $"Server=127.0.0.1;Port={Ports[0]};User ID=root";

    protected override ServerCommand Command => Mysqld(
        Data,
        [
            $"--port={Ports[0]}", $"--server-id={_serverId}", "--bind-address=127.0.0.1",
            // Relative to the data folder: the path of a socket has 107 characters at most.
            "--socket=mysqld.sock", "--pid-file=mysqld.pid",
            "--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=1G",
            "--innodb-redo-log-capacity=2G", "--innodb-log-buffer-size=16M", "--table-open-cache=400",
            "--table-definition-cache=400", "--max-connections=500", "--binlog-expire-logs-seconds=600",
            .. GroupSettings.ForBatches, .. _options,
        ]);

    private string Data => Path.Combine(Folder, "data");

    /// <summary>
    /// Finds the program, downloading it the first time, and makes the data when the folder has none. It does not run
    /// yet.
    /// </summary>
    /// <param name="folder">Where its data and its log are.</param>
    /// <param name="port">The port; null takes a free one.</param>
    /// <param name="serverId">Its number in a replication group.</param>
    /// <param name="options">Options of mysqld, as in <c>--gtid-mode=ON</c>; they win over those it has anyway.</param>
    /// <param name="cancel">Ends the wait; data that was not finished is made anew.</param>
    /// <exception cref="TidelineException">NotFound: MySQL cannot be had here. StorageUnavailable: its data could not
    /// be made.</exception>
    public static async Task<MySqlServer> PrepareAsync(string folder,
        int? port = null, int serverId = 1, IReadOnlyList<string>? options = null, CancellationToken cancel = default)
    {
        var server = new MySqlServer(
            await ServerBinaries.InstallAsync("mysql", cancel), folder, port ?? LoopbackPort.Next(), serverId,
            options ?? []);
        await server.InitializeAsync(cancel);
        return server;
    }

    /// <summary>Name and version of the server at an address, as in <c>MySQL 9.7.4</c>.</summary>
    /// <exception cref="MySqlException">It does not answer.</exception>
    public static async Task<string> VersionOfAsync(string address, CancellationToken cancel)
    {
        await using var connection = new MySqlConnection(new MySqlConnectionStringBuilder(
            address)
        { Pooling = false, ConnectionTimeout = AskSeconds }.ConnectionString);
        await connection.OpenAsync(cancel);
        return $"MySQL {connection.ServerVersion.Split('-')[0]}";
    }

    protected override Task<string> AskVersionAsync(CancellationToken cancel) => VersionOfAsync(Address, cancel);

    // Made under another name and renamed: what a crash leaves half made is no data.
    private async Task InitializeAsync(CancellationToken cancel)
    {
        if (Directory.Exists(Data)) return;
        var unfinished = Data + ".new";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        var (exitCode, output, errors) = await Mysqld(unfinished, ["--initialize-insecure"])
            .RunAsync(InitializeLimit, cancel);
        if (exitCode != 0) throw new TidelineException(ErrorCode.StorageUnavailable, string.Create(
            CultureInfo.InvariantCulture, $"mysqld could not make its data ({exitCode}):\n{output}{errors}"));
        Directory.Move(unfinished, Data);
    }

    private ServerCommand Mysqld(string data, IEnumerable<string> options) => new(
        Path.Combine(_root, "run"),
        [
            "usr/sbin/mysqld", "--no-defaults",
            $"--user={Environment.UserName}", $"--basedir={_root}/usr", $"--plugin-dir={_root}/usr/lib/mysql/plugin",
            $"--lc-messages-dir={_root}/usr/share/mysql",
            $"--datadir={data}", "--mysqlx=OFF", "--secure-file-priv=", .. options,
        ]);
}
