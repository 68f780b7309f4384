using MySqlConnector;

namespace Tideline.Engines.Failover;

/// <summary>Which group is watched over, and as whom its members replicate.</summary>
public sealed record FailoverOptions
{
    /// <summary>The group as <see cref="GroupAddress"/> reads it, with a user who may administer its members.</summary>
    public required string Group { get; init; }

    /// <summary>The user as whom replicas connect; null: that of <see cref="Group"/>.</summary>
    public string? ReplicationUser { get; init; }

    /// <summary>That user's password.</summary>
    public string? ReplicationPassword { get; init; }

    /// <summary>Whether an address of MySQL names several servers.</summary>
    /// <exception cref="Kernel.TidelineException">InvalidInput: it cannot be read.</exception>
    public static bool IsGroup(string address) => GroupAddress.Parse(address).IsGroup;

    /// <summary>What may be logged.</summary>
    public override string ToString() => "a MySQL group";

    /// <summary>
    /// The statement that makes a server a replica of <paramref name="source"/> from where it stands.
    /// </summary>
    internal string Follow(MemberAddress source)
    {
        var group = new MySqlConnectionStringBuilder(source.ConnectionString);
        var (user, password) = ReplicationUser is null
            ? (group.UserID, group.Password)
            : (ReplicationUser, ReplicationPassword ?? "");
        return $"""
            CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{source.Host}', SOURCE_PORT = {source.Port}, SOURCE_USER = '{Quoted(user)}', SOURCE_PASSWORD = '{Quoted(password)}',
                SOURCE_AUTO_POSITION = 1, SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 86400, SOURCE_HEARTBEAT_PERIOD = 0.3, GET_SOURCE_PUBLIC_KEY = 1
            """;
    }

    /// <summary>
    /// As <see cref="Follow"/>, for a server that is a replica already and goes on carrying out what it has.
    /// </summary>
    internal static string Redirect(MemberAddress source) =>
        $"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{source.Host}', SOURCE_PORT = {source.Port}";

    private static string Quoted(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
}
