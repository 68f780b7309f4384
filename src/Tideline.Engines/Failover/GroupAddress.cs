using System.Globalization;
using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>
/// The address of a MySQL primary: one server (or a name that leads to the primary), or the members of a group, one of
/// which is the primary at a time: <c>Server=mysql-1:3306,mysql-2:3306,mysql-3:3306;User ID=…</c>.
/// </summary>
internal sealed record GroupAddress(IReadOnlyList<MemberAddress> Members)
{
    /// <summary>Whether the primary must be found among several members.</summary>
    public bool IsGroup => Members.Count > 1;

    /// <exception cref="TidelineException">InvalidInput: the message contains no password.</exception>
    public static GroupAddress Parse(string address)
    {
        var builder = Read(address);
        var names = builder.Server.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0)
            throw new TidelineException(ErrorCode.InvalidInput, "The connection string of MySQL names no server.");
        if (names.Length > FailoverLimits.GroupMembers) throw new TidelineException(
            ErrorCode.InvalidInput, $"A MySQL group has at most {FailoverLimits.GroupMembers} members.");
        var members = names.Select(name => Member(builder, name)).ToArray();
        if (members.DistinctBy(member => member.Name).Count() != members.Length)
            throw new TidelineException(ErrorCode.InvalidInput, "The connection string of MySQL names a server twice.");
        return new GroupAddress(members);
    }

    private static MySqlConnectionStringBuilder Read(string address)
    {
        try
        {
            return new MySqlConnectionStringBuilder(address);
        }
        catch (ArgumentException)
        {
            throw new TidelineException(ErrorCode.InvalidInput,
                "The connection string of MySQL is invalid; expected: Server=host:port;User ID=name;Password=secret.");
        }
    }

    private static MemberAddress Member(MySqlConnectionStringBuilder group, string name)
    {
        var colon = name.LastIndexOf(':');
        var port = group.Port;
        if (colon >= 0
            && !uint.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port))
            throw new TidelineException(ErrorCode.InvalidInput,
                $"'{name}' is not a MySQL server: give host or host:port.");
        var host = colon >= 0 ? name[..colon] : name;
        var member = new MySqlConnectionStringBuilder(group.ConnectionString) { Server = host, Port = port };
        return new MemberAddress(
            string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"), host, port, member.ConnectionString);
    }
}

/// <summary>
/// One server: its name as <c>host:port</c>, by which the other members also know it, and its connection string.
/// </summary>
internal sealed record MemberAddress(string Name, string Host, uint Port, string ConnectionString)
{
    public override string ToString() => Name;

    /// <summary>Opens an unpooled session.</summary>
    /// <param name="commandSeconds">How long a statement may take; then it is abandoned together with its session. A
    /// cancellation token would make the driver connect once more, to a server that does not answer.</param>
    /// <param name="cancel">Cancels opening the session.</param>
    /// <exception cref="MySqlException">The server does not answer or refuses.</exception>
    public async Task<MySqlConnection> OpenAsync(int commandSeconds, CancellationToken cancel)
    {
        var connection = new MySqlConnection(new MySqlConnectionStringBuilder(ConnectionString)
        {
            Pooling = false, CancellationTimeout = -1,
            ConnectionTimeout = MySqlLimits.ConnectSeconds, DefaultCommandTimeout = (uint)commandSeconds,
        }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
