using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// When a process may try to own a shard, by the lease in its head row: at once where it prefers the shard, a moment
/// after the lease where it does not. The lease keeps nobody from writing: the writer's name there does.
/// </summary>
internal sealed class MySqlLease(int shard, ShardOwner owner, bool prefers)
{
    /// <summary>
    /// Whether this process, as the owner, keeps the shard from others that prefer it. One that nobody reaches, a
    /// command that looks at the data for a moment, does not.
    /// </summary>
    public bool Keeps { get; } = prefers && owner.Address.Length > 0;

    /// <summary>In SQL: whether this process may try.</summary>
    public string IsFree { get; } = string.Create(CultureInfo.InvariantCulture,
        $"lease_until <= UTC_TIMESTAMP(6) - INTERVAL {(prefers ? 0 : LedgerLimits.OrphanMs) * 1_000} MICROSECOND");

    /// <summary>A command with the limit that all of the writer's have.</summary>
    public static MySqlCommand Command(MySqlConnection connection, string sql) =>
        new(sql, connection) { CommandTimeout = MySqlLimits.SilenceSeconds };

    /// <summary>
    /// Looks without a lock, since the owner's batches must not wait for those who stand by. Where an owner does not
    /// prefer the shard, and this process does, it writes there that it wants it.
    /// </summary>
    /// <exception cref="TidelineException">AlreadyOwned: it is another one's, or one that prefers it comes first.
    /// </exception>
    public void RequireFree(MySqlConnection connection, Guid writerId)
    {
        var look = new SqlText()
            .Add($"SELECT owner, lease_until > UTC_TIMESTAMP(6), preferred, wanted_at > UTC_TIMESTAMP(6) - INTERVAL "
                + $"{LedgerLimits.LeaseRenewMs * 1_000} MICROSECOND "
                + $"FROM shard_head WHERE NOT ({IsFree}) AND writer <> ")
            .Value(writerId);
        using var command = Command(connection, look.ToString());
        bool isOwned, asks;
        string name;
        using (var reader = command.ExecuteReader())
        {
            if (!reader.Read()) return;
            (name, isOwned, asks) =
                (reader.GetString(0), reader.GetBoolean(1), Keeps && !reader.GetBoolean(2) && !reader.GetBoolean(3));
        }

        if (asks) Ask(connection);
        throw new TidelineException(ErrorCode.AlreadyOwned, isOwned
            ? $"Shard {shard} is owned by {name}, which renewed its lease in the last {LedgerLimits.LeaseMs / 1_000} s."
            : $"Shard {shard} has no owner since a moment ago; those who prefer it have it first.");
    }

    private static void Ask(MySqlConnection connection)
    {
        using var mark = Command(connection, "UPDATE shard_head SET wanted_at = UTC_TIMESTAMP(6)");
        mark.ExecuteNonQuery();
    }
}
