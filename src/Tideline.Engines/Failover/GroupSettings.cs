using MySqlConnector;

namespace Tideline.Engines.Failover;

/// <summary>The settings without which a failover could lose acknowledged commits.</summary>
internal static class GroupSettings
{
    /// <summary>Name, required value, and reason.</summary>
    public static IReadOnlyList<(string Name, string Value, string Why)> Required { get; } =
    [
        ("gtid_mode", "ON", "without it, the transactions that only one server has cannot be found"),
        ("enforce_gtid_consistency", "ON", "gtid_mode requires it"),
        ("log_bin", "1", "a replica that becomes the primary needs a log for the others"),
        ("log_replica_updates", "1", "what a replica received must be in its own log when it becomes the primary"),
        ("sync_binlog", "1", "an acknowledged commit must be on the disk"),
        ("innodb_flush_log_at_trx_commit", "1", "an acknowledged commit must be on the disk"),
        ("sync_relay_log", "1", "what a replica acknowledges must survive a crash of its machine"),
        ("relay_log_recovery", "0", "it would discard what a replica has acknowledged but not applied"),
        ("replica_net_timeout", "1", "the fence waits until a replica drops its connection to a silent source"),
        ("rpl_semi_sync_source_wait_point", "AFTER_SYNC", "no client may see what no replica has acknowledged"),
        ("rpl_semi_sync_source_wait_no_replica", "1", "a primary without replicas must wait, not continue alone"),
        ("rpl_semi_sync_source_wait_for_replica_count", "1", "the quorum of the fence is computed from it"),
        ("rpl_semi_sync_source_timeout", "4294967295", "a primary must never fall back to asynchronous replication"),
        ("rpl_semi_sync_replica_enabled", "1", "a replica must acknowledge"),
    ];

    /// <summary>
    /// Options that keep batches from waiting, on any server. A batch of a thousand transfers fits into the binary
    /// log's cache, which otherwise spills to a file; fewer pages are flushed at once every second; and a session spins
    /// longer on another session's log write before it sleeps 0.1 s. docs/operating/cluster.md has the measurements.
    /// </summary>
    public static IReadOnlyList<string> ForBatches { get; } =
    [
        "--binlog-cache-size=1M", "--innodb-max-dirty-pages-pct-lwm=0",
        "--innodb-io-capacity=1000", "--innodb-io-capacity-max=2000", "--innodb-sync-spin-loops=300",
    ];

    /// <summary>
    /// The start options of <c>mysqld</c>: the required settings, and a starting server accepts no writes and follows
    /// no source until the controller has probed it. Only the primary waits for replicas, from before it accepts
    /// writes: a replica with this setting would wait for other replicas when it applies transactions. A replica writes
    /// each event of a transaction to its disk separately, so a transaction is sent as one event
    /// (binlog_transaction_compression); otherwise a replica falls behind, and a new primary whose replica is behind
    /// waits for its first acknowledgement. With a redo log of 1 GiB, pages that many batches change are not written
    /// for each of them; servers before 8.0.30 ignore that option.
    /// </summary>
    public static IReadOnlyList<string> Options { get; } =
    [
        "--plugin-load-add=semisync_source.so",
        "--plugin-load-add=semisync_replica.so", "--plugin-load-add=mysql_clone.so",
        "--gtid-mode=ON", "--enforce-gtid-consistency=ON",
        "--log-bin=binlog", "--max-binlog-size=16M", "--binlog-transaction-compression=ON",
        "--log-replica-updates=ON", "--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1", "--sync-relay-log=1",
        "--relay-log-recovery=OFF", "--relay-log=relay", "--replica-net-timeout=1",
        "--rpl-semi-sync-source-wait-point=AFTER_SYNC", "--rpl-semi-sync-source-wait-no-replica=ON",
        "--rpl-semi-sync-source-wait-for-replica-count=1", "--rpl-semi-sync-source-timeout=4294967295",
        "--rpl-semi-sync-replica-enabled=ON", "--read-only=ON", "--super-read-only=ON",
        "--skip-replica-start=ON", "--loose-innodb-redo-log-capacity=1G", .. ForBatches,
    ];

    /// <summary>A server's deviations from the settings, one sentence each; empty if there are none.</summary>
    public static async Task<IReadOnlyList<string>> CheckAsync(
        MySqlConnection connection, string server, CancellationToken cancel)
    {
        var there = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var names = string.Join(",", Required.Select(setting => $"'{setting.Name}'"));
        await using (var command = new MySqlCommand(
            $"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})", connection))
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel)) there[reader.GetString(0)] = reader.GetString(1);
        }

        return
        [
            .. Required.Where(
                setting => !there.TryGetValue(setting.Name, out var value) || Plain(value) != Plain(setting.Value))
                .Select(setting =>
                    $"{setting.Name} of {server} is {there.GetValueOrDefault(setting.Name, "not set")} and must be "
                        + $"{Shown(setting.Value)}: {setting.Why}."),
        ];
    }

    private static string Plain(string value) => value.ToUpperInvariant() switch
    {
        "ON" => "1",
        "OFF" => "0",
        var other => other,
    };

    private static string Shown(string value) => value switch
    {
        "1" => "1 (ON)",
        "0" => "0 (OFF)",
        _ => value,
    };
}
