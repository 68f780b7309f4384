using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.MySql;

public sealed class MySqlShardStoreTests : ShardReaderContract
{
    private readonly MySqlDatabases _databases = new();
    private MySqlLedgerStore? _ledger;

    private protected override ILedgerStore Ledger => _ledger!;

    private protected override Task EndLeaseAsync() =>
        _databases.ExecuteAsync(Shard, "UPDATE shard_head SET lease_until = '2000-01-01'");

    private protected override async ValueTask OpenAsync() => _ledger = await _databases.OpenAsync();

    private protected override async ValueTask CloseAsync()
    {
        if (_ledger is not null) await _ledger.DisposeAsync();
        await _databases.DisposeAsync();
    }

    [Fact]
    public async Task A_session_that_the_server_ended_is_opened_again_for_the_next_batch()
    {
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(1), Id(2))));
        await _databases.ExecuteAsync(Shard, $"KILL {((MySqlShardStore)Store).ServerThread}");
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(3), Id(2))));
        (await Reader.GetAccountAsync(Id(3), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Reads_go_on_when_the_server_has_ended_every_session_of_the_pool()
    {
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(1), Id(2))));
        async Task ReadSideBySideAsync() =>
            (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Reader.GetAccountAsync(Id(1), Cancel).AsTask())))
                .ShouldAllBe(account => account != null);
        await ReadSideBySideAsync();
        await _databases.EndSessionsAsync(Shard);
        await ReadSideBySideAsync();
        for (var one = 0; one < 8; one++) (await Reader.GetAccountAsync(Id(1), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_server_that_has_lost_what_it_acknowledged_is_found_out_and_the_shard_ends()
    {
        for (var number = 1; number <= 3; number++)
            await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(number), Id(2))));
        // As a site's own failover leaves it that took a replica which was behind: what the owner goes on from is not
        // there.
        await _databases.ExecuteAsync(Shard, "UPDATE shard_head SET commits = commits - 2; DELETE FROM accounts "
            + "WHERE account_id IN (SELECT account_id FROM (SELECT account_id FROM accounts ORDER BY account_id DESC "
            + "LIMIT 2) AS last)");
        await _databases.ExecuteAsync(Shard, $"KILL {((MySqlShardStore)Store).ServerThread}");
        var refused = await Should.ThrowAsync<TidelineException>(
            () => CommitAsync(writes => writes.NewAccounts.Add(Account(Id(9), Id(2)))));
        (refused.Code, refused.Message)
            .ShouldBe((ErrorCode.Corrupt, $"MySQL holds 1 of the 3 batches of shard {Shard} that it acknowledged: its "
                + $"failover lost the rest. The shard stops before anything is built on the loss."));
        (await Reader.GetAccountAsync(Id(9), Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task A_session_that_ends_between_begin_and_commit_takes_the_batch_with_it()
    {
        // An account that is not known yet: the batch asks, and its transaction has begun.
        await Store.BeginAsync(Keys(Id(1)));
        await _databases.ExecuteAsync(Shard, $"KILL {((MySqlShardStore)Store).ServerThread}");
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewAccounts.Add(Account(Id(1), Id(2)));
        writes.Events.Add(Event(Shard, 1, EventType.CustomerCreated, Id(1), 1, new()));
        var refused = await Should.ThrowAsync<TidelineException>(async () => await Store.CommitAsync(writes));
        refused.Code.ShouldBe(ErrorCode.StorageUnavailable);
        (await Reader.GetAccountAsync(Id(1), Cancel)).ShouldBeNull();

        await Store.BeginAsync(Keys());
        (await Store.CommitAsync(writes)).ShouldBeTrue();
        (await Reader.GetAccountAsync(Id(1), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_the_owner_wrote_last_is_not_read_again_and_nothing_is_locked_while_it_decides()
    {
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(1), Id(2), postedMinor: 7)));
        await using var stranger = new MySqlConnector.MySqlConnection(
            $"{RealEngine.MySql};Database={_databases.Options.DatabasePrefix}_{Shard}");
        await stranger.OpenAsync(Cancel);
        await using (var transaction = await stranger.BeginTransactionAsync(Cancel))
        {
            await using var locks = new MySqlConnector.MySqlCommand(
                "SELECT epoch FROM shard_head FOR UPDATE", stranger, transaction);
            await locks.ExecuteScalarAsync(Cancel);
            // Asking would wait for that lock.
            var rows = Store.BeginAsync(
                new BatchKeys { Accounts = { Id(1) }, Outcomes = { Id(3) }, Transactions = { Id(4) } });
            rows.IsCompletedSuccessfully.ShouldBeTrue();
            (await rows).Accounts[Id(1)].PostedMinor.ShouldBe(7);
            await transaction.RollbackAsync(Cancel);
        }

        await using var free = new MySqlConnector.MySqlCommand(
            "SELECT epoch FROM shard_head FOR UPDATE NOWAIT", stranger);
        (await free.ExecuteScalarAsync(Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_batch_that_a_session_of_before_sends_late_does_not_pass_the_fence()
    {
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(1), Id(2))));
        var writer = (Guid)(await _databases.ReadAsync(Shard, "SELECT writer FROM shard_head", "GuidFormat=Binary16"))!;
        var epoch = (long)(await _databases.ReadAsync(Shard, "SELECT epoch FROM shard_head"))!;
        await using var late = new MySqlConnector.MySqlConnection(
            $"{RealEngine.MySql};Database={_databases.Options.DatabasePrefix}_{Shard};Pooling=false");
        await late.OpenAsync(Cancel);
        // The writer went on in a new session meanwhile.
        await _databases.ExecuteAsync(Shard, $"KILL {((MySqlShardStore)Store).ServerThread}");
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(3), Id(2))));
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewAccounts.Add(Account(Id(4), Id(2)));
        var text = new BatchWriter(shard => $"{_databases.Options.DatabasePrefix}_{shard}");
        var refused = Should.Throw<MySqlConnector.MySqlException>(
            () => text.Commit(late, writes, 0, (writer, epoch), begins: true, looks: false));
        refused.RefutesWhatWasKnown().ShouldBeTrue(refused.Message);
        await late.CloseAsync();
        (await Reader.GetAccountAsync(Id(4), Cancel)).ShouldBeNull();
        (await _databases.ReadAsync(Shard, "SELECT commits FROM shard_head")).ShouldBe(2L);
    }

    [Fact]
    public async Task A_row_that_somebody_else_has_locked_gives_the_batch_up_without_a_trace()
    {
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(1), Id(2))));
        await using var stranger = new MySqlConnector.MySqlConnection(
            $"{RealEngine.MySql};Database={_databases.Options.DatabasePrefix}_{Shard};GuidFormat=Binary16");
        await stranger.OpenAsync(Cancel);
        await using var transaction = await stranger.BeginTransactionAsync(Cancel);
        await using var locks = new MySqlConnector.MySqlCommand(
            "INSERT INTO claims VALUES ('iban', 'X', @id, 'account', @id)", stranger, transaction);
        locks.Parameters.AddWithValue("@id", Id(9));
        await locks.ExecuteNonQueryAsync(Cancel);

        await Store.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewAccounts.Add(Account(Id(3), Id(2)));
        writes.Claims.Add(Key("X"), Claim("X", Id(4), Id(5)));
        (await Store.CommitAsync(writes)).ShouldBeFalse();
        (await Reader.GetAccountAsync(Id(3), Cancel)).ShouldBeNull();

        await transaction.RollbackAsync(Cancel);
        await Store.BeginAsync(Keys());
        (await Store.CommitAsync(writes)).ShouldBeTrue();
        (await Reader.GetClaimAsync(Key("X"), Cancel)).ShouldBe(Claim("X", Id(4), Id(5)));
    }

    [Fact]
    public async Task Quotes_backslashes_and_bytes_of_any_kind_come_back_as_they_were()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        var customer = new CustomerRow(
            new PersonalPart(Id(1), """O'Brien \ "x" ; -- @a ? '' \'"""u8.ToArray()), 1, TimeUs);
        await CommitAsync(writes =>
        {
            writes.NewCustomers.Add(customer);
            writes.Messages.AddRange([new MessageRow(1, 0, Id(1), "A", all, TimeUs),
                new MessageRow(2, 0, Id(1), "B", """{"a":"\"\\ @b ? /* */"}"""u8.ToArray(), TimeUs)]);
        });
        (await Reader.GetCustomerAsync(Id(1), Cancel)).ShouldBe(customer);
        var read = await Reader.GetMessagesAsync(0, 10, Cancel);
        read[0].Data.ShouldBe(all);
        System.Text.Encoding.UTF8.GetString(read[1].Data).ShouldBe("""{"a":"\"\\ @b ? /* */"}""");
    }

    [Fact]
    public async Task Several_processes_may_make_the_tables_at_once()
    {
        await using var databases = new MySqlDatabases();
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => databases.OpenAsync()));
        foreach (var store in stores) await store.DisposeAsync();
    }

    [Fact]
    public async Task A_database_that_is_missing_is_made_only_where_nothing_was_ever_written()
    {
        await using var databases = new MySqlDatabases();
        await (await databases.OpenAsync()).DisposeAsync();
        // As a process that was killed in the middle of its first start leaves it.
        await databases.ExecuteAsync(1, $"DROP DATABASE {databases.Options.DatabasePrefix}_1");
        await (await databases.OpenAsync()).DisposeAsync();
        await databases.ExecuteAsync(1, $"DROP DATABASE {databases.Options.DatabasePrefix}_1");
        await databases.ExecuteAsync(
            0, "INSERT INTO events (event_seq, event_type, subject_id, version, time_us, data) VALUES "
                + "(1, 1, REPEAT('1', 16), 1, 1, '{}')");
        var refused = await Should.ThrowAsync<TidelineException>(databases.OpenAsync());
        refused.Code.ShouldBe(ErrorCode.Corrupt);
        refused.Message.ShouldContain($"{databases.Options.DatabasePrefix}_1 is missing, shard 1 of 2");
    }

    [Fact]
    public async Task The_number_of_shards_is_fixed_by_the_data()
    {
        var refused = await Should.ThrowAsync<TidelineException>(
            MySqlLedgerStore.OpenAsync(_databases.Options with { Shards = 3 },
                TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, Cancel));
        refused.Code.ShouldBe(ErrorCode.IncompatibleData);
        refused.Message.ShouldContain("is shard 0 of 2, but shard 0 of 3 was asked for");
    }

    [Theory]
    [InlineData(99, "A newer version of Tideline wrote it")]
    [InlineData(2, "An older version of Tideline wrote it")]
    [InlineData(1, "An older version of Tideline wrote it")]
    public async Task A_format_of_another_version_is_refused_in_clear_words(int version, string why)
    {
        await _databases.ExecuteAsync(Shard, $"UPDATE schema_versions SET version = {version}");
        var refused = await Should.ThrowAsync<TidelineException>(_databases.OpenAsync());
        refused.Code.ShouldBe(ErrorCode.IncompatibleData);
        refused.Message.ShouldContain(why);
    }

    [Theory]
    [InlineData("Server=127.0.0.1;Port=1")]
    [InlineData("Server=127.0.0.1;Port=1;User ID=nobody;Password=wrong")]
    public async Task A_server_that_does_not_answer_is_named_in_words(string address)
    {
        var refused = await Should.ThrowAsync<TidelineException>(
            MySqlLedgerStore.OpenAsync(_databases.Options with { Primaries = [address] },
                TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, Cancel));
        refused.Code.ShouldBe(ErrorCode.StorageUnavailable);
    }
}
