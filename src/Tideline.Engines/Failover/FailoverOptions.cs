using MySqlConnector;

namespace Tideline.Engines.Failover;

/// <summary>The group to control, and the user for its replication.</summary>
public sealed record FailoverOptions
{
    /// <summary>
    /// The group's address, as <see cref="GroupAddress"/> parses it, with a user that may administer its members.
    /// </summary>
    public required string Group { get; init; }

    /// <summary>The user with which replicas connect; null: that of <see cref="Group"/>.</summary>
    public string? ReplicationUser { get; init; }

    /// <summary>That user's password.</summary>
    public string? ReplicationPassword { get; init; }

    /// <summary>Whether a MySQL address names several servers.</summary>
    /// <exception cref="Kernel.TidelineException">InvalidInput: it cannot be parsed.</exception>
    public static bool IsGroup(string address) => GroupAddress.Parse(address).IsGroup;

    /// <summary>The part that may be logged.</summary>
    public override string ToString() => "a MySQL group";

    /// <summary>
    /// The statement that makes a server a replica of <paramref name="source"/> from its present position.
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
    /// As <see cref="Follow"/>, for a server that is already a replica and keeps applying what it has received.
    /// </summary>
    internal static string Redirect(MemberAddress source) =>
        $"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{source.Host}', SOURCE_PORT = {source.Port}";

    private static string Quoted(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
}
