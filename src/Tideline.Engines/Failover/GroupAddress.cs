using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>
/// A MySQL primary by its address: one server (or a name that something else leads to the primary), or the members of a
/// group, of which one is the primary at a time:
/// <c>Server=mysql-1:3306,mysql-2:3306,mysql-3:3306;User ID=…</c>.
/// </summary>
internal sealed record GroupAddress(IReadOnlyList<MemberAddress> Members)
{
    /// <summary>Whether the primary has to be looked for.</summary>
    public bool IsGroup => Members.Count > 1;

    /// <exception cref="TidelineException">InvalidInput: in words that repeat no password.</exception>
    public static GroupAddress Parse(string address)
    {
        var builder = Read(address);
        var names = builder.Server.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0)
            throw new TidelineException(ErrorCode.InvalidInput, "The connection string of MySQL names no server.");
        if (names.Length > Limits.GroupMembers) throw new TidelineException(
            ErrorCode.InvalidInput, $"A MySQL group has at most {Limits.GroupMembers} members.");
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
                "The connection string of MySQL cannot be read: Server=host:port;User ID=name;Password=secret.");
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

/// <summary>One server: its name as <c>host:port</c>, by which the others know it too, and how to connect.</summary>
internal sealed record MemberAddress(string Name, string Host, uint Port, string ConnectionString)
{
    public override string ToString() => Name;

    /// <summary>A session of one's own, outside of any pool.</summary>
    /// <param name="commandSeconds">How long a statement may take; then it is given up with its session. A token would
    /// have the driver connect once more, to a server that does not answer.</param>
    /// <param name="cancel">Ends the opening.</param>
    /// <exception cref="MySqlException">The server does not answer or refuses.</exception>
    public async Task<MySqlConnection> OpenAsync(int commandSeconds, CancellationToken cancel)
    {
        var connection = new MySqlConnection(new MySqlConnectionStringBuilder(ConnectionString)
        {
            Pooling = false, CancellationTimeout = -1,
            ConnectionTimeout = Limits.StrongConnectSeconds, DefaultCommandTimeout = (uint)commandSeconds,
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
