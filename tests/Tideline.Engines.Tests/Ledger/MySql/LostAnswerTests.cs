using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Engines.Tests.Cache.Redis;
using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>The line to the server breaks around a COMMIT.</summary>
public sealed class LostAnswerTests : IAsyncLifetime
{
    private readonly MySqlDatabases _databases = new();
    private Toxiproxy? _line;
    private MySqlLedgerStore? _ledger;
    private IShardStore _store = null!;
    private IShardReader _reader = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var server = new MySqlConnectionStringBuilder(RealEngine.MySql);
        _line = await Toxiproxy.ToAsync($"{server.Server}:{server.Port}");
        (server.Server, server.Port) =
            ("127.0.0.1", uint.Parse(_line.Address.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        _ledger = await MySqlLedgerStore.OpenAsync(_databases.Options with { Primaries = [server.ConnectionString] },
            TimeProvider.System, NullLogger.Instance, Cancel);
        _store = _ledger.OpenWriter(0);
        _reader = _ledger.OpenReader(0);
        await _store.AcquireAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is not null) await _reader.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        if (_ledger is not null) await _ledger.DisposeAsync();
        if (_line is not null) await _line.DisposeAsync();
        await _databases.DisposeAsync();
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_found_and_not_done_again()
    {
        await _store.BeginAsync(Keys());
        await _line!.SlowDownAsync(TimeSpan.FromSeconds(60));
        var commit = Task.Run(() => _store.CommitAsync(Writes(1)).AsTask(), Cancel);
        while (await CommitsAsync() == 0) await Task.Delay(10, Cancel);
        await _line.SetConnectedAsync(false);
        await _line.SpeedUpAsync();
        await _line.SetConnectedAsync(true);

        (await commit).ShouldBeTrue();
        (await CommitsAsync()).ShouldBe(1);
        await _store.BeginAsync(Keys());
        (await _store.CommitAsync(Writes(2))).ShouldBeTrue();
        (await _reader.GetEventsAsync(0, 10, Cancel)).Select(happened => happened.Position.Seq).ShouldBe([1L, 2L]);
    }

    [Fact]
    public async Task A_batch_that_asked_nothing_and_never_reached_the_server_is_decided_anew()
    {
        await _store.BeginAsync(Keys());
        await _line!.SetConnectedAsync(false);
        var commit = Task.Run(() => _store.CommitAsync(Writes(1)).AsTask(), Cancel);
        await _line.SetConnectedAsync(true);
        (await commit).ShouldBeFalse();
        await ShouldNotHaveHappenedAsync();
    }

    [Fact]
    public async Task A_batch_that_had_asked_and_never_reached_the_server_did_not_happen()
    {
        await _store.BeginAsync(Keys(Id(1)));
        await _line!.SetConnectedAsync(false);
        var commit = Task.Run(() => _store.CommitAsync(Writes(1)).AsTask(), Cancel);
        await _line.SetConnectedAsync(true);
        var refused = await Should.ThrowAsync<TidelineException>(commit);
        (refused.Code, refused.IsTransient).ShouldBe((ErrorCode.StorageUnavailable, true));
        await ShouldNotHaveHappenedAsync();
    }

    [Fact]
    public async Task A_writer_that_was_replaced_while_its_line_was_cut_is_refused()
    {
        await _store.BeginAsync(Keys());
        await _line!.SetConnectedAsync(false);
        await using var other = await _databases.OpenAsync();
        await using var successor = other.OpenWriter(0);
        await _databases.ExecuteAsync(0, "UPDATE shard_head SET lease_until = '2000-01-01'");
        await successor.AcquireAsync(Cancel);
        var commit = Task.Run(() => _store.CommitAsync(Writes(1)).AsTask(), Cancel);
        await _line.SetConnectedAsync(true);
        (await Should.ThrowAsync<TidelineException>(commit)).Code.ShouldBe(ErrorCode.NotOwner);
        (await CommitsAsync()).ShouldBe(0);
    }

    // And the next attempt happens once.
    private async Task ShouldNotHaveHappenedAsync()
    {
        (await CommitsAsync()).ShouldBe(0);
        await _store.BeginAsync(Keys());
        (await _store.CommitAsync(Writes(1))).ShouldBeTrue();
        (await _reader.GetEventsAsync(0, 10, Cancel)).Count.ShouldBe(1);
    }

    private static BatchWrites Writes(long seq)
    {
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.Events.Add(Event(0, seq, EventType.CustomerCreated, Id((int)seq), 1, new()));
        return writes;
    }

    // Past the line, so that it is seen also while that is cut.
    private async Task<long> CommitsAsync()
    {
        await using var connection = new MySqlConnection(RealEngine.MySql);
        await connection.OpenAsync(Cancel);
        await using var look = new MySqlCommand(
            $"SELECT commits FROM {_databases.Options.DatabasePrefix}_0.shard_head", connection);
        return (long)(await look.ExecuteScalarAsync(Cancel))!;
    }
}
