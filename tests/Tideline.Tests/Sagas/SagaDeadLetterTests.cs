using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Sagas;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas;

/// <summary>A message that cannot be handled is set aside by name; the others of its batch go on.</summary>
public sealed class SagaDeadLetterTests
{
    private static readonly string Nested = new string('[', 500);

    public static TheoryData<string, string, string> Garbage() =>
        new()
        {
            { SagaEngine.RequestType, "", "is not valid JSON" },
            { SagaEngine.RequestType, "\0ÿ{", "is not valid JSON" },
            { SagaEngine.RequestType, Nested, "is not valid JSON" },
            { SagaEngine.RequestType, "null", "The saga has no data" },
            { SagaEngine.RequestType, "[]", "is not valid JSON" },
            { SagaEngine.RequestType, "{}", "does not name the movement of its saga" },
            { SagaEngine.ReplyType, "{}", "does not name the movement of its saga" },
            {
                SagaEngine.ReplyType,
                """{"owner":{"definition":"transfer","version":1}}""",
                "does not name the movement of its saga"
            },
            { "", "{}", "no saga message has this type" },
            { "ACCOUNT_DEBITED", "{}", "no saga message has this type" },
        };

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Garbage_is_set_aside_and_the_others_of_its_batch_go_on(string type, string data, string reason)
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, 250);
        var good = (await bank.Pump.Hold(0)).Single().Record();
        var bad = good with { Type = type, Data = Encoding.Latin1.GetBytes(data) };
        for (var time = 1; time <= 2; time++)
        {
            await bank.Runner.HandleAsync(1, [bad, good, bad], default);
            var letter = (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldHaveSingleItem();
            letter.Reason.ShouldContain(reason);
            (letter.Shard, letter.SagaId, letter.Times, DerivedId.IsDerived(letter.LetterId)).ShouldBe(
                (1, id, 2 * time, true));
        }

        await bank.Pump.RunAsync();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Completed);
        (await bank.ReadAsync(to)).PostedMinor.ShouldBe(250);
        await bank.ShouldAddUpAsync();
    }

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task A_replay_of_garbage_says_why_it_still_cannot_be_handled(string type, string data, string reason)
    {
        await using var bank = await Bank.OpenAsync();
        var bytes = Encoding.Latin1.GetBytes(data);
        await bank.Runner.HandleAsync(
            1, [new LogRecord(Topics.SagaCommands, 1, 0, "foreign", 1, Guid.Empty, type, Guid.Empty, 0, 0, bytes)],
            default);
        var letter = (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldHaveSingleItem();
        foreach (var dryRun in new[] { true, false })
            (await bank.Letters.ReplayAsync(letter.LetterId, dryRun, default)).ShouldNotBeNull().ShouldContain(reason);
        (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("")]
    public async Task A_letter_that_somebody_damaged_hides_no_other_and_can_be_given_up(string data)
    {
        await using var bank = await Bank.OpenAsync();
        LogRecord Odd(string type) =>
            new(Topics.SagaCommands, 1, 0, "foreign", 1, Guid.Empty, type, Guid.Empty, 0, 0, "{}"u8.ToArray());
        await bank.Runner.HandleAsync(1, [Odd("ODD"), Odd("STRANGE")], default);
        var damaged = (await bank.Letters.ListAsync(default, 10, default)).Items[0].LetterId;
        bank.Tamper(1, $"UPDATE aggregates SET data = CAST('{data}' AS BLOB) WHERE aggregate_id = X'{damaged:N}'")
            .ShouldBe(1);
        var listed = (await bank.Letters.ListAsync(default, 10, default)).Items;
        listed.Select(
            letter => (letter.LetterId == damaged, letter.Reason.Contains("cannot be read", StringComparison.Ordinal)))
            .ShouldBe([(true, true), (false, false)]);
        (await bank.Letters.ReplayAsync(damaged, dryRun: false, default)).ShouldNotBeNull();
        await bank.Letters.DiscardAsync(damaged, "A test", default);
        (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldHaveSingleItem().LetterId.ShouldNotBe(damaged);
    }

    [Fact]
    public async Task What_no_saga_of_this_installation_may_ask_is_set_aside()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        await bank.StartAsync(from, to, 250);
        var good = (await bank.Pump.Hold(0)).Single().Record();
        var request = SagaJson.Read(good.Data.Span, SagaJson.Default.SagaRequest);
        SagaRequest With(SagaPosting posting) => request with { Posting = posting };
        SagaRequest[] wrong =
        [
            request with
            {
                OwnerShard = 1,
            },
            request with
            {
                OwnerShard = -1,
            },
            request with
            {
                OwnerShard = 99,
            },
            request with
            {
                SagaId = Guid.Empty,
            },
            request with
            {
                Step = -1,
            },
            With(request.Posting with { AccountId = from }),
            With(request.Posting with { AmountMinor = -250 }),
            With(request.Posting with { AmountMinor = long.MinValue }),
            With(request.Posting with { AmountMinor = 0 }),
            With(request.Posting with { Currency = "XX?" }),
            With(request.Posting with { Against = AccountKind.Cash }),
            With(request.Posting with { Against = (AccountKind)77 }),
            With(request.Posting with { Kind = (TransactionKind)77 }),
            With(request.Posting with { TransactionId = Guid.Empty }),
            With(request.Posting with { AccountId = bank.Ledger.SystemAccounts.Id(AccountKind.Suspense, Bank.Eur, 1) }),
            With(request.Posting with { Reference = new string('x', 10_000) }),
        ];
        await bank.Runner.HandleAsync(
            1,
            [
                .. wrong.Select(each =>
                    good with
                    {
                        Data = JsonSerializer.SerializeToUtf8Bytes(each, SagaJson.Default.SagaRequest),
                    }),
            ],
            default);
        (await bank.Letters.ListAsync(default, 100, default)).Items.Count.ShouldBe(wrong.Length);
        (await bank.ReadAsync(to)).EntryVersion.ShouldBe(0);
        (await bank.ReadAsync(from)).EntryVersion.ShouldBe(2);
    }

    [Fact]
    public async Task An_outcome_of_another_step_found_under_its_key_is_not_answered_as_done()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to, other) = (
            await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, 250);
        var message = (await bank.Pump.Hold(0)).Single().Record();
        await bank.Runner.HandleAsync(1, [message], default);
        var request = SagaJson.Read(message.Data.Span, SagaJson.Default.SagaRequest);
        var heads = bank.Ledger.CommittedHead(1).MessageSeq;
        SagaPosting[] others =
        [
            request.Posting with
            {
                AccountId = other,
            },
            request.Posting with
            {
                AmountMinor = 251,
            },
            request.Posting with
            {
                Reference = "other",
            },
            request.Posting with
            {
                CounterpartyId = other,
            },
            request.Posting with
            {
                TransactionId = other,
            },
        ];
        await bank.Runner.HandleAsync(
            1,
            [
                .. others.Select(posting =>
                    message with
                    {
                        Data = JsonSerializer.SerializeToUtf8Bytes(
                            request with
                            {
                                Posting = posting,
                            },
                            SagaJson.Default.SagaRequest),
                    }),
            ],
            default);
        var letters = (await bank.Letters.ListAsync(default, 10, default)).Items;
        letters.Count.ShouldBe(others.Length);
        letters.ShouldAllBe(
            letter => letter.Reason == $"Step 1 of saga {id} was already executed with a different effect.");
        bank.Ledger.CommittedHead(1).MessageSeq.ShouldBe(heads);
        (await bank.ReadAsync(other)).PostedMinor.ShouldBe(0);
        await bank.Pump.RunAsync();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Completed);
    }

    [Fact]
    public async Task A_reply_that_tells_of_another_saga_than_it_names_moves_nothing()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, 250);
        var request = SagaJson.Read((await bank.Pump.Hold(0)).Single().Data, SagaJson.Default.SagaRequest);
        SagaReply Refused(Guid saga, SagaVersion pins) =>
            new(saga, 1, RefusalReason.AccountFrozen, "It is frozen.", new Position(1, 0), 0, pins);
        SagaReply[] replies =
        [
            Refused(id, request.Owner with { Data = request.Owner.Data with { From = to } }),
            Refused(id, request.Owner with { Data = request.Owner.Data with { AmountMinor = 1 } }),
            Refused(id, request.Owner with { Version = 9 }),
            Refused(id, request.Owner with { Definition = "payout" }),
            Refused(bank.Ledger.Ids.Next(), request.Owner),
            Refused(id, request.Owner) with
            {
                Position = new Position(99, 1),
            },
            Refused(id, request.Owner) with
            {
                RefusalReason = (RefusalReason)9_999,
            },
            Refused(id, request.Owner) with
            {
                RefusalDetail = new string('x', 5_000),
            },
        ];
        LogRecord Record(SagaReply reply) =>
            new(
                Topics.SagaCommands, 0, 0, "foreign", 1, reply.SagaId, SagaEngine.ReplyType, reply.SagaId, 0, 0,
                JsonSerializer.SerializeToUtf8Bytes(reply, SagaJson.Default.SagaReply));
        await bank.Runner.HandleAsync(0, [.. replies.Select(Record)], default);
        (await bank.Letters.ListAsync(default, 100, default)).Items.Count.ShouldBe(replies.Length);
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Running);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(750);
        (await bank.HeldAsync(AccountKind.Suspense, 0)).ShouldBe(0);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_command_that_throws_is_set_aside_and_can_be_replayed_once_when_the_cause_is_gone()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, 250);
        var row = (await bank.Ledger.Reader(0).GetAggregateAsync(id, default)).ShouldNotBeNull();
        bank.Tamper(0, "UPDATE aggregates SET data = X'00' WHERE state = 'running'").ShouldBe(1);
        var second = await bank.StartAsync(from, to, 100);
        await bank.Pump.RunAsync();
        (await bank.SagaAsync(second)).State.ShouldBe(SagaState.Completed);
        var letter = (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldHaveSingleItem();
        (letter.SagaId, letter.Type, letter.Shard).ShouldBe((id, SagaEngine.ReplyType, 0));
        (await bank.Letters.ReplayAsync(letter.LetterId, dryRun: false, default)).ShouldNotBeNull();

        var data = Convert.ToHexString(row.Data);
        bank.Tamper(0, $"UPDATE aggregates SET data = X'{data}' WHERE state = 'running'").ShouldBe(1);
        (await bank.Letters.ReplayAsync(letter.LetterId, dryRun: true, default)).ShouldBeNull();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Running);
        (await bank.Letters.ReplayAsync(letter.LetterId, dryRun: false, default)).ShouldBeNull();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Completed);
        (
            await Should.ThrowAsync<TidelineException>(() =>
                bank.Letters.ReplayAsync(letter.LetterId, dryRun: false, default))
        ).Code.ShouldBe(ErrorCode.NotFound);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_letter_that_is_given_up_is_gone_with_its_reason_kept()
    {
        await using var bank = await Bank.OpenAsync();
        await bank.Runner.HandleAsync(
            1,
            [
                new LogRecord(
                    Topics.SagaCommands, 1, 0, "foreign", 1, Guid.Empty, "ODD", Guid.Empty, 0, 0, new byte[100_000]),
            ],
            default);
        var letter = (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldHaveSingleItem();
        (await bank.Letters.ShowAsync(letter.LetterId, default)).Message.Length.ShouldBe(SagaLimits.LetterBytes);
        (
            await Should.ThrowAsync<TidelineException>(() => bank.Letters.DiscardAsync(letter.LetterId, " ", default))
        ).Code.ShouldBe(ErrorCode.InvalidInput);
        await bank.Letters.DiscardAsync(letter.LetterId, "A test of the bus", default);
        (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldBeEmpty();
        var row = await bank.SagaAsync(letter.LetterId, 1);
        SagaJson
            .Read(row.History, SagaJson.Default.SagaHistoryArray)
            .ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(
                line => line.State.ShouldBe("discarded"), line => line.Detail.ShouldBe("A test of the bus"));
        (
            await Should.ThrowAsync<TidelineException>(() =>
                bank.Letters.DiscardAsync(letter.LetterId, "again", default))
        ).Code.ShouldBe(ErrorCode.NotFound);
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_batch_that_fails_for_now_is_repeated_as_a_whole_and_sets_nothing_aside()
    {
        FaultyStore faults = null!;
        await using var bank = await Bank.OpenAsync(wrap: store => faults = new FaultyStore(store));
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        Guid[] ids = [await bank.StartAsync(from, to, 250), await bank.StartAsync(from, to, 100)];
        LogRecord[] records = [.. (await bank.Pump.Hold(0)).Select(message => message.Record())];
        await bank.Runner.HandleAsync(1, [records[0]], default);
        faults.IsFull = true;
        var fault = await Should.ThrowAsync<TidelineException>(async () =>
            await bank.Runner.HandleAsync(1, records, default));
        fault.IsTransient.ShouldBeTrue();
        faults.IsFull = false;
        await bank.Runner.HandleAsync(1, records, default);
        await bank.Pump.RunAsync();
        foreach (var id in ids)
            (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Completed);
        (await bank.ReadAsync(to)).PostedMinor.ShouldBe(350);
        (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_saga_that_cannot_be_moved_is_parked_and_holds_up_no_other()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var bank = await Bank.OpenAsync(2, time);
        await using var watch = new SagaWatch(bank.Ledger, time, NullLogger<SagaWatch>.Instance);
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var (unread, unknown) = (await bank.StartAsync(from, to, 250), await bank.StartAsync(from, to, 50));
        bank.Tamper(0, $"UPDATE aggregates SET data = X'7B' WHERE aggregate_id = X'{unread:N}'").ShouldBe(1);
        bank.Tamper(0, $"UPDATE aggregates SET kind = 'saga:transfer:9' WHERE aggregate_id = X'{unknown:N}'")
            .ShouldBe(1);
        var good = await bank.StartAsync(from, to, 100);
        bank.Pump.Lose(0);
        time.Advance(TimeSpan.FromSeconds(5));
        (await bank.Timers.FireDueAsync(0, default)).ShouldBe(3);
        await bank.Pump.RunAsync();
        (await bank.SagaAsync(good)).State.ShouldBe(SagaState.Completed);
        foreach (var id in new[] { unread, unknown })
            (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Parked);
        await watch.LookAsync(0, default);
        watch.Waiting[0].Parked.ShouldBe(2);
        (await bank.Operations.ListAsync(SagaState.Parked, 10, default)).Items.Count.ShouldBe(2);
    }
}
