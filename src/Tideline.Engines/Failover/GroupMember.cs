using System.Diagnostics;
using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>What a member answered to the last probe.</summary>
/// <param name="IsWritable">Whether it takes writes.</param>
/// <param name="Term">The newest term that it knows.</param>
/// <param name="IsSemiSync">Whether a commit waits for a replica there.</param>
/// <param name="Executed">The GTIDs that it has carried out.</param>
/// <param name="Source">Whom it replicates, as <c>host:port</c>; null for nobody.</param>
/// <param name="IsReceiving">Whether its line to the source is up, or being made.</param>
/// <param name="Received">The GTIDs that it has received.</param>
internal sealed record MemberState(
    bool IsWritable, long Term, bool IsSemiSync, string Executed, string? Source, bool IsReceiving, string Received)
{
    /// <summary>Everything that it has: carried out, or received and waiting.</summary>
    public string Has => Received.Length == 0 ? Executed : $"{Executed},{Received}";
}

/// <summary>
/// A controller's one connection to a member. It holds the group's lock there, and everything that the controller
/// changes there goes over it: whoever lost the lock changes nothing.
/// </summary>
internal sealed class GroupMember(MemberAddress address) : IAsyncDisposable
{
    /// <summary>Who holds it at a majority of the members may change the group.</summary>
    public const string Lock = "tideline-failover";

    private const string Questions =
        $"""
        SELECT GET_LOCK('{Lock}', 0), @@read_only, @@gtid_executed, @@rpl_semi_sync_source_enabled, (SELECT COALESCE(MAX(term), 0) FROM tideline_group.topology);
        SELECT c.HOST, c.PORT, s.SERVICE_STATE, s.RECEIVED_TRANSACTION_SET FROM performance_schema.replication_connection_configuration c
            JOIN performance_schema.replication_connection_status s USING (CHANNEL_NAME) WHERE CHANNEL_NAME = ''
        """;

    // Enough to tell the step; no password stands there.
    private const int ShownCharacters = 40;

    private MySqlConnection? _connection;

    public MemberAddress Address => address;

    public string Name => address.Name;

    /// <summary>The answer to the last probe; null when there was none.</summary>
    public MemberState? State { get; private set; }

    /// <summary>Whether this controller holds the group's lock on the member.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>Why there is no answer.</summary>
    public string Fault { get; private set; } = "was not asked";

    /// <summary>Asks how the member is and takes the lock there, or keeps it.</summary>
    public async Task ProbeAsync(CancellationToken cancel)
    {
        try
        {
            (State, IsHeld) = await OverAsync(Limits.FailoverProbeMs, AskAsync, cancel);
        }
        catch (TidelineException)
        {
            // What it is like stands in Fault.
        }
    }

    /// <summary>Carries out statements over the connection that holds the lock.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: the lock was lost, or the member did not do it in time;
    /// what became of it is not known.</exception>
    public async Task ExecuteAsync(string sql, CancellationToken cancel) => await AskAsync(sql, cancel);

    /// <summary>
    /// As <see cref="ExecuteAsync"/>; answers the first column of the first row, null where there is none.
    /// </summary>
    public async Task<object?> AskAsync(string sql, CancellationToken cancel)
    {
        if (!IsHeld) throw new TidelineException(
            ErrorCode.StorageUnavailable, $"{Name} {Fault}: nothing is changed there without the lock.");
        try
        {
            return await OverAsync(
                Limits.FailoverStepMs,
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

    /// <summary>What does not hold of <see cref="GroupSettings"/> there.</summary>
    public async Task<IReadOnlyList<string>> CheckSettingsAsync(CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        return await GroupSettings.CheckAsync(connection, Name, cancel);
    }

    /// <summary>
    /// Ends what carries out there what was received. A transaction of which only a half arrived is undone: a
    /// coordinator that was told to stop would wait for its other half for a minute, one that is killed before does not
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
                && Stopwatch.GetElapsedTime(began).TotalMilliseconds < Limits.FailoverStepMs)
            {
                await KillAsync(killer, thread);
                await Task.Delay(Limits.FailoverPollMs / 5, cancel);
            }
        }

        await ExecuteAsync("STOP REPLICA", cancel);
    }

    /// <summary>Ends a session or a thread there, unless it has ended by itself.</summary>
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
            // It ended by itself.
        }
    }

    /// <summary>Lets the lock go, and the connection with it.</summary>
    public void Release()
    {
        _connection?.Dispose();
        (State, IsHeld, Fault, _connection) = (null, false, "was let go", null);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Release();
        return ValueTask.CompletedTask;
    }

    /// <summary>Another connection, without the lock: to look, and to end sessions.</summary>
    public Task<MySqlConnection> OpenAsync(CancellationToken cancel) =>
        address.OpenAsync(Limits.FailoverStepMs / 1_000, cancel);

    private async Task<(MemberState State, bool IsHeld)> AskAsync(MySqlConnection connection)
    {
        // A lock that is taken twice has to be let go twice.
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

    // What does not answer in time is left to itself, with its connection: that ends when the driver gives it up.
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

    // A controller that stands still must not keep the lock for ever.
    private async Task<MySqlConnection> ConnectAsync()
    {
        var connection = await OpenAsync(CancellationToken.None);
        await using var command = new MySqlCommand(string.Create(
            CultureInfo.InvariantCulture, $"SET SESSION wait_timeout = {Limits.FailoverSilenceSeconds}"), connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
        return connection;
    }

    // Long sets are told in several lines.
    private static string Plain(string gtids) => gtids.Replace("\n", "", StringComparison.Ordinal);
}
