using MySqlConnector;

namespace Tideline.Engines.Failover;

/// <summary>The settings without which a failover could lose something that was acknowledged.</summary>
internal static class GroupSettings
{
    /// <summary>Name, what it must be, and why.</summary>
    public static IReadOnlyList<(string Name, string Value, string Why)> Required { get; } =
    [
        ("gtid_mode", "ON", "without it nobody can tell what a server has beyond another"),
        ("enforce_gtid_consistency", "ON", "it belongs to gtid_mode"),
        ("log_bin", "1", "a replica that becomes the primary needs a log for the others"),
        ("log_replica_updates", "1", "what a replica received must be in its own log when it becomes the primary"),
        ("sync_binlog", "1", "an acknowledged commit must be on the disk"),
        ("innodb_flush_log_at_trx_commit", "1", "an acknowledged commit must be on the disk"),
        ("sync_relay_log", "1", "a replica acknowledges what must survive its machine"),
        ("relay_log_recovery", "0", "it would throw away what a replica has acknowledged and not carried out"),
        ("replica_net_timeout", "1", "the fence waits for a replica to give up its line to a source that is silent"),
        ("rpl_semi_sync_source_wait_point", "AFTER_SYNC", "what no replica has acknowledged must be seen by nobody"),
        ("rpl_semi_sync_source_wait_no_replica", "1", "a primary without replicas must wait, not go on alone"),
        ("rpl_semi_sync_source_wait_for_replica_count", "1", "the quorum of the fence is counted from it"),
        ("rpl_semi_sync_source_timeout", "4294967295", "a primary must never fall back to asynchronous replication"),
        ("rpl_semi_sync_replica_enabled", "1", "a replica must acknowledge"),
    ];

    /// <summary>
    /// What keeps batches from waiting, on any server: a batch of a thousand transfers fits into the binary log's
    /// cache, which else goes to a file first; not many pages are written at once each second; and a session looks
    /// longer for what another one writes to the log, before it sleeps 0.1 s. docs/operating/cluster.md has what was
    /// measured.
    /// </summary>
    public static IReadOnlyList<string> ForBatches { get; } =
    [
        "--binlog-cache-size=1M", "--innodb-max-dirty-pages-pct-lwm=0",
        "--innodb-io-capacity=1000", "--innodb-io-capacity-max=2000", "--innodb-sync-spin-loops=300",
    ];

    /// <summary>
    /// What <c>mysqld</c> is started with: the required ones, and that a server which starts takes no writes and
    /// follows nobody until the controller has looked at it. Only the primary waits for replicas, from before it takes
    /// writes: a replica would wait for others with what it carries out. A replica writes each event of a transaction
    /// to its disk by itself, so a transaction is sent as one (binlog_transaction_compression): a replica falls behind
    /// otherwise, and a new primary whose replica is behind waits for its first acknowledgement. With a redo log of 1
    /// GiB, pages that many batches touch are not written for each of them; servers before 8.0.30 do not know that
    /// option and pass over it.
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

    /// <summary>What does not hold on a server, a sentence each; none when all does.</summary>
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
                    $"{setting.Name} of {server} is {there.GetValueOrDefault(setting.Name, "not there")} and must be "
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
