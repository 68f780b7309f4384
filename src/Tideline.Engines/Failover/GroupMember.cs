using System.Diagnostics;
using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>A member's answer to the last probe.</summary>
/// <param name="IsWritable">Whether it accepts writes.</param>
/// <param name="Term">The newest term that it has.</param>
/// <param name="IsSemiSync">Whether its commits wait for a replica.</param>
/// <param name="Executed">The GTIDs that it has executed.</param>
/// <param name="Source">Its replication source, as <c>host:port</c>; null if it has none.</param>
/// <param name="IsReceiving">Whether its connection to the source is up, or being established.</param>
/// <param name="Received">The GTIDs that it has received.</param>
internal sealed record MemberState(
    bool IsWritable, long Term, bool IsSemiSync, string Executed, string? Source, bool IsReceiving, string Received)
{
    /// <summary>All transactions that it has: executed, or received and waiting.</summary>
    public string Has => Received.Length == 0 ? Executed : $"{Executed},{Received}";
}

/// <summary>
/// A controller's connection to a member. It holds the group's lock on the member, and all of the controller's changes
/// there use it: a controller that has lost the lock cannot change anything.
/// </summary>
internal sealed class GroupMember(MemberAddress address) : IAsyncDisposable
{
    /// <summary>The controller that holds this lock on a majority of the members may change the group.</summary>
    public const string Lock = "tideline-failover";

    private const string Questions =
        $"""
        SELECT GET_LOCK('{Lock}', 0), @@read_only, @@gtid_executed, @@rpl_semi_sync_source_enabled, (SELECT COALESCE(MAX(term), 0) FROM tideline_group.topology);
        SELECT c.HOST, c.PORT, s.SERVICE_STATE, s.RECEIVED_TRANSACTION_SET FROM performance_schema.replication_connection_configuration c
            JOIN performance_schema.replication_connection_status s USING (CHANNEL_NAME) WHERE CHANNEL_NAME = ''
        """;

    // Enough to identify the step, without passwords.
    private const int ShownCharacters = 40;

    private MySqlConnection? _connection;

    public MemberAddress Address => address;

    public string Name => address.Name;

    /// <summary>The answer to the last probe; null if there was none.</summary>
    public MemberState? State { get; private set; }

    /// <summary>Whether this controller holds the group's lock on the member.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>Why there is no answer.</summary>
    public string Fault { get; private set; } = "was not probed";

    /// <summary>Probes the member, and acquires or keeps the lock there.</summary>
    public async Task ProbeAsync(CancellationToken cancel)
    {
        try
        {
            (State, IsHeld) = await OverAsync(FailoverLimits.ProbeMs, AskAsync, cancel);
        }
        catch (TidelineException)
        {
            // Fault has the reason.
        }
    }

    /// <summary>Executes statements over the connection that holds the lock.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: the lock was lost, or the member did not answer in time;
    /// the outcome is unknown.</exception>
    public async Task ExecuteAsync(string sql, CancellationToken cancel) => await AskAsync(sql, cancel);

    /// <summary>
    /// As <see cref="ExecuteAsync"/>; returns the first column of the first row, or null if there is none.
    /// </summary>
    public async Task<object?> AskAsync(string sql, CancellationToken cancel)
    {
        if (!IsHeld) throw new TidelineException(
            ErrorCode.StorageUnavailable, $"{Name} {Fault}; nothing is changed there without the lock.");
        try
        {
            return await OverAsync(
                FailoverLimits.StepMs,
                async connection =>
                {
                    await using var command = new MySqlCommand(sql, connection);
                    return await command.ExecuteScalarAsync(CancellationToken.None);
                },
                cancel);
        }
        catch (TidelineException fault)
        {
            throw new TidelineException(
                fault.Code, $"{fault.Message} ({sql.AsSpan(0, Math.Min(sql.Length, ShownCharacters))}…)", fault);
        }
    }

    /// <summary>The member's deviations from <see cref="GroupSettings"/>.</summary>
    public async Task<IReadOnlyList<string>> CheckSettingsAsync(CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        return await GroupSettings.CheckAsync(connection, Name, cancel);
    }

    /// <summary>
    /// Stops applying received transactions on the member. A partially received transaction is rolled back: a
    /// coordinator that is asked to stop would wait for the rest for a minute; one that is killed first does not
    /// (<c>sql_slave_killed</c> in MySQL's rpl_replica.cc).
    /// </summary>
    public async Task EndApplierAsync(CancellationToken cancel)
    {
        const string Coordinator = "SELECT PROCESSLIST_ID FROM performance_schema.threads WHERE NAME IN "
            + "('thread/sql/replica_sql', 'thread/sql/slave_sql')";
        var began = Stopwatch.GetTimestamp();
        await using (var killer = await OpenAsync(cancel))
        {
            while (await AskAsync(Coordinator, cancel) is { } thread
                && Stopwatch.GetElapsedTime(began).TotalMilliseconds < FailoverLimits.StepMs)
            {
                await KillAsync(killer, thread);
                await Task.Delay(FailoverLimits.PollMs / 5, cancel);
            }
        }

        await ExecuteAsync("STOP REPLICA", cancel);
    }

    /// <summary>Kills a session or a thread, unless it has already ended.</summary>
    public static async Task KillAsync(MySqlConnection connection, object session)
    {
        try
        {
            await using var kill = new MySqlCommand(
                string.Create(CultureInfo.InvariantCulture, $"KILL {session}"), connection);
            await kill.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (MySqlException gone) when (gone.ErrorCode == MySqlErrorCode.NoSuchThread)
        {
            // It has already ended.
        }
    }

    /// <summary>Releases the lock, together with the connection.</summary>
    public void Release()
    {
        _connection?.Dispose();
        (State, IsHeld, Fault, _connection) = (null, false, "was released", null);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Release();
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens another connection, without the lock: for reads, and for killing sessions.</summary>
    public Task<MySqlConnection> OpenAsync(CancellationToken cancel) =>
        address.OpenAsync(FailoverLimits.StepMs / 1_000, cancel);

    private async Task<(MemberState State, bool IsHeld)> AskAsync(MySqlConnection connection)
    {
        // A lock that is acquired twice must be released twice.
        await using var command = new MySqlCommand(IsHeld
            ? Questions.Replace($"GET_LOCK('{Lock}', 0)", "1", StringComparison.Ordinal)
            : Questions, connection);
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        await reader.ReadAsync(CancellationToken.None);
        var isHeld = !reader.IsDBNull(0) && reader.GetInt64(0) == 1;
        var state = new MemberState(!reader.GetBoolean(1),
            reader.GetInt64(4), reader.GetBoolean(3), Plain(reader.GetString(2)), null, false, "");
        await reader.NextResultAsync(CancellationToken.None);
        if (!await reader.ReadAsync(CancellationToken.None) || reader.GetString(0).Length == 0) return (state, isHeld);
        var source = string.Create(CultureInfo.InvariantCulture, $"{reader.GetString(0)}:{reader.GetInt32(1)}");
        return (state with
        {
            Source = source,
            IsReceiving = reader.GetString(2) != "OFF",
            Received = Plain(reader.GetString(3))
        }, isHeld);
    }

    // A call that does not answer in time is abandoned together with its connection, which ends when the driver times
    // out.
    private async Task<T> OverAsync<T>(int limitMs, Func<MySqlConnection, Task<T>> work, CancellationToken cancel)
    {
        var known = _connection;
        var task = Task.Run(async () =>
        {
            var connection = known ?? await ConnectAsync();
            return (Connection: connection, Answer: await work(connection));
        }, CancellationToken.None);
        try
        {
            (_connection, var answer) = await task.WaitAsync(TimeSpan.FromMilliseconds(limitMs), cancel);
            return answer;
        }
        catch (Exception fault) when (fault is MySqlException or TimeoutException or InvalidOperationException)
        {
            (State, IsHeld, Fault, _connection) =
                (null, false, fault is MySqlException refused ? refused.Message : "does not answer", null);
            _ = CloseAsync(task, known);
            throw new TidelineException(ErrorCode.StorageUnavailable, $"{Name}: {Fault}", fault);
        }
    }

    private static async Task CloseAsync<T>(Task<(MySqlConnection Connection, T Answer)> late, MySqlConnection? known)
    {
        await ((Task)late).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var connection = known ?? (late.IsCompletedSuccessfully ? (await late).Connection : null);
        if (connection is not null) await connection.DisposeAsync();
    }

    // A hanging controller must not keep the lock indefinitely.
    private async Task<MySqlConnection> ConnectAsync()
    {
        var connection = await OpenAsync(CancellationToken.None);
        await using var command = new MySqlCommand(string.Create(
            CultureInfo.InvariantCulture, $"SET SESSION wait_timeout = {FailoverLimits.SilenceSeconds}"), connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
        return connection;
    }

    // Long sets are returned on several lines.
    private static string Plain(string gtids) => gtids.Replace("\n", "", StringComparison.Ordinal);
}
