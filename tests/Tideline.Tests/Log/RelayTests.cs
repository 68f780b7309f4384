using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Tests.Gateway;
using Tideline.Tests.Ledger;
using Tideline.Tests.Services;

namespace Tideline.Tests.Log;

public sealed class RelayTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
    private Bank _bank = null!;
    private SqliteLog _log = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(shards: 2, folder: _folder);
        _log = SqliteLog.Open(_folder, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await _bank.DisposeAsync();
    }

    [Fact]
    public async Task Events_arrive_in_order_and_once_across_restarts()
    {
        for (var round = 0; round < 3; round++)
        {
            // Some while no relay runs, some while one does.
            await CommitSomethingAsync();
            await using var relay = Start(_log);
            await CommitSomethingAsync();
            await CaughtUpAsync(relay);
        }

        for (var shard = 0; shard < 2; shard++)
        {
            var events = await _bank.Ledger.Reader(shard).GetEventsAsync(0, 1_000, Cancel);
            var records = await _log.ReadAsync(Topics.AccountEvents, shard, 0, 1_000, Cancel);
            events.Count.ShouldBeGreaterThan(6);
            records.Select(record =>
                (record.SourceSeq, record.Subject, record.Version, record.Type, Convert.ToHexString(record.Data.Span)))
                .ShouldBe(events.Select(happened => (happened.Position.Seq, happened.Subject,
                    happened.Version, happened.Type.Name(), Convert.ToHexString(happened.Data.Span))));
        }
    }

    [Fact]
    public async Task A_relay_that_lost_its_place_before_the_answer_appends_nothing_twice()
    {
        await CommitSomethingAsync();
        await using (var first = Start(_log)) await CaughtUpAsync(first);
        var head = await _log.GetHeadAsync(Topics.AccountEvents, 0, Cancel);
        await using (var second = Start(_log)) await CaughtUpAsync(second);
        (await _log.GetHeadAsync(Topics.AccountEvents, 0, Cancel)).ShouldBe(head);
        head.ShouldBe(_bank.Ledger.CommittedHead(0).EventSeq);
    }

    [Fact]
    public async Task What_is_relayed_is_told_after_it_is_on_the_log()
    {
        var told = new List<long>();
        await using var relay = new Relay(_bank.Ledger, _log, TimeProvider.System, NullLogger<Relay>.Instance);
        relay.Relayed += (shard, events) =>
        {
            if (shard != 0) return;
            lock (told) told.AddRange(events.Select(happened => happened.Position.Seq));
        };
        relay.Start();
        await CommitSomethingAsync();
        await CaughtUpAsync(relay);
        var head = _bank.Ledger.CommittedHead(0).EventSeq;
        await Eventually.IsTrueAsync(() =>
        {
            lock (told) return told.Count >= head;
        });
        told.ShouldBe(Enumerable.Range(1, (int)head).Select(seq => (long)seq));
    }

    [Fact]
    public async Task A_log_that_lost_messages_goes_on_after_them()
    {
        var (from, to) = (await _bank.AccountAsync(0, balanceMinor: 100), await _bank.AccountAsync(1));
        var transfer = _bank.Payments.TransferAsync(_bank.Transfer(from, to, 10), Cancel);
        long lost;
        await using (var relay = Start(_log))
        {
            await Eventually.IsTrueAsync(() => _bank.Ledger.CommittedHead(0).MessageSeq > 0);
            await CaughtUpAsync(relay);
            while ((await _bank.Ledger.Reader(0).GetMessagesAsync(0, 10, Cancel)).Count > 0)
                await _bank.DepositAsync(from, 1);
            lost = _bank.Ledger.CommittedHead(0).MessageSeq;
        }

        await using var empty = SqliteLog.Open(Path.Combine(_folder, "other"), TimeProvider.System);
        using var logs = new KeptLogs();
        // A start before there is anything to carry begins no source, so it says nothing.
        await using (var relay = Start(empty, logs)) await CaughtUpAsync(relay);
        logs.Warnings.ShouldBeEmpty();
        // A relay that starts anew finds what the first one carried, or carries it again, in the same source.
        for (var start = 1; start <= 3; start++)
        {
            await using var relay = Start(empty, logs);
            var second = _bank.Payments.TransferAsync(_bank.Transfer(from, to, start), Cancel);
            await Eventually.IsTrueAsync(() => _bank.Ledger.CommittedHead(0).MessageSeq > lost);
            await CaughtUpAsync(relay);
            relay.Status.ShouldAllBe(status => status.Fault == null);
            lost = _bank.Ledger.CommittedHead(0).MessageSeq;
            var records = await empty.ReadAsync(Topics.SagaCommands, 1, 0, 10, Cancel);
            records[^1].SourceSeq.ShouldBe(lost);
            SourceName.Parse(records[0].Source).ShouldNotBeNull().After.ShouldBe(records[0].SourceSeq - 1);
            records.Select(record => record.Source).Distinct().ShouldHaveSingleItem();
        }

        logs.Warnings.ShouldHaveSingleItem().ShouldStartWith("The log lost messages of shard 0, up to ");

        // The saga goes on from the log that has the message.
        foreach (var record in await _log.ReadAsync(Topics.SagaCommands, 1, 0, 10, Cancel))
            await _bank.Runner.HandleAsync(1, [record], Cancel);
        await _bank.Pump.RunAsync();
        (await transfer).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_topic_of_a_service_that_lost_its_newest_records_gets_them_again()
    {
        new ServiceCatalog(new AccountsService(), new PledgeService()).Services.Count.ShouldBe(2);
        var from = await _bank.AccountAsync(0, balanceMinor: 1_000);
        await using (var relay = Start(_log))
        {
            for (var pledge = 1; pledge <= 3; pledge++)
            {
                var made = new Pledge(
                    _bank.Ledger.NextIdBeside(from), _bank.Ledger.NextIdBeside(from), from, from,
                    new Money(10, Bank.Eur));
                (await _bank.Ledger.ExecuteAsync(made, Cancel)).Refusal.ShouldBeNull();
            }

            await CaughtUpAsync(relay);
        }

        var topic = Pledge.Happened.Topic!;
        var copies = await _log.ReadAsync(topic, 0, 0, 10, Cancel);
        copies.Count.ShouldBe(3);
        await using var less = SqliteLog.Open(Path.Combine(_folder, "less"), TimeProvider.System);
        await less.AppendAsync([.. await _log.ReadAsync(Topics.AccountEvents, 0, 0, 1_000, Cancel)], Cancel);
        await less.AppendAsync([copies[0]], Cancel);
        await using (var relay = Start(less))
        {
            await _bank.DepositAsync(from, 1);
            await CaughtUpAsync(relay);
        }

        (await less.ReadAsync(topic, 0, 0, 10, Cancel)).Select(copy => (copy.SourceSeq, copy.PreviousSeq))
            .ShouldBe(copies.Select(copy => (copy.SourceSeq, copy.PreviousSeq)));
    }

    [Fact]
    public async Task An_event_that_the_ledger_lost_stops_its_shard_and_no_other()
    {
        do await CommitSomethingAsync();
        while (_bank.Ledger.CommittedHead(0).EventSeq < 3);
        using (var database = SqliteDatabase.OpenWriter(
            Path.Combine(_folder, "ledger", "shard-0.db"))) database.Execute("DELETE FROM events WHERE event_seq = 2");
        await using var relay = Start(_log);
        await Eventually.IsTrueAsync(
            () => relay.Status[0].Fault is not null && relay.Status[1].RelayedSeq == relay.Status[1].HeadSeq);
        relay.Status[0].Fault.ShouldNotBeNull().ShouldContain("after 2, but 1 is the last there");
        relay.Status[1].Fault.ShouldBeNull();

        await CommitSomethingAsync();
        await Eventually.IsTrueAsync(() => relay.Status[1].RelayedSeq == _bank.Ledger.CommittedHead(1).EventSeq);
        (await _log.GetHeadAsync(Topics.AccountEvents, 0, Cancel)).ShouldBe(0);
    }

    [Fact]
    public async Task A_ledger_that_is_older_than_its_log_stops_the_shard_at_once()
    {
        await CommitSomethingAsync();
        var head = _bank.Ledger.CommittedHead(0).EventSeq;
        var ids = _bank.Ledger.Ids;
        await _log.AppendAsync(
            [.. Enumerable.Range(1, (int)head + 1).Select(seq => new LogRecord(Topics.AccountEvents,
                0, 0, "shard-0", seq, ids.Next(), "ACCOUNT_CREATED", ids.Next(), 1, 1, "{}"u8.ToArray()))], Cancel);
        await using var relay = Start(_log);
        await Eventually.IsTrueAsync(() => relay.Status[0].Fault is not null
            && relay.Status[1].RelayedSeq == relay.Status[1].HeadSeq);
        relay.Status[0].Fault.ShouldNotBeNull().ShouldContain($"but the log saw events to {head + 1}");
        relay.Status[1].Fault.ShouldBeNull();
    }

    [Theory]
    [InlineData(ErrorCode.StorageUnavailable)]
    [InlineData(ErrorCode.Corrupt)]
    public async Task A_partition_that_takes_no_records_holds_up_no_other_and_is_named(ErrorCode code)
    {
        var refusing = new RefusingLog(
            _log)
        { Refuses = record => record.Topic == Topics.AccountEvents && record.Partition == 0, Code = code };
        await CommitSomethingAsync();
        await using var relay = Start(refusing);
        await CommitSomethingAsync();
        await Eventually.IsTrueAsync(() => relay.Status[0].Fault is not null && relay.Status[1].Fault is null
            && relay.Status[1].RelayedSeq == relay.Status[1].HeadSeq);
        relay.Fault.ShouldNotBeNull().ShouldContain("Shard 0: It is refused.");
        (await _log.GetHeadAsync(Topics.AccountEvents, 0, Cancel)).ShouldBe(0);

        // Mended, it goes on by itself.
        refusing.Refuses = _ => false;
        await CaughtUpAsync(relay);
        relay.Fault.ShouldBeNull();
    }

    [Fact]
    public async Task A_lane_that_goes_alone_and_whose_append_hangs_is_named()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var (asked, hang) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        // The first append of all lanes is refused; then each goes alone, and that of shard 0 is not answered.
        var refusing = new RefusingLog(_log)
        {
            Refuses = _ => Interlocked.Increment(ref asked) == 1,
            Waits = record => record.Partition == 0 ? hang.Task : null,
        };
        await CommitSomethingAsync();
        await using var relay = new Relay(_bank.Ledger, refusing, time, NullLogger<Relay>.Instance);
        relay.Start();
        await Eventually.IsTrueAsync(() => relay.Status[1].RelayedSeq == relay.Status[1].HeadSeq);
        (relay.Fault, relay.Status[0].RelayedSeq).ShouldBe((null, 0));
        time.Advance(TimeSpan.FromMilliseconds(Limits.LoopStallMs + 1_000));
        relay.Status[0].Fault.ShouldBe("An append of its events has stood still for 31 s.");
        relay.Status[1].Fault.ShouldBeNull();
        hang.SetResult();
        await Eventually.IsTrueAsync(() => relay.Status[0].RelayedSeq == relay.Status[0].HeadSeq);
        relay.Status[0].Fault.ShouldBeNull();
    }

    private async Task CommitSomethingAsync()
    {
        await _bank.AccountAsync(0, balanceMinor: 5);
        await _bank.AccountAsync(1, balanceMinor: 6);
    }

    private Relay Start(ILog log, KeptLogs? logs = null)
    {
        var relay = new Relay(
            _bank.Ledger, log, TimeProvider.System,
            logs is null ? NullLogger<Relay>.Instance : new Logger<Relay>(logs));
        relay.Start();
        return relay;
    }

    private static Task CaughtUpAsync(Relay relay) => Eventually.IsTrueAsync(
        () => relay.Status.All(shard => shard.Fault is null && shard.RelayedSeq == shard.HeadSeq));
}
