using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Gateway;
using Tideline.Gateway.Peers;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Sagas;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Log;
using static Tideline.Tests.Peers.FromOutside;

namespace Tideline.Tests.Peers;

/// <summary>Two processes on one strong tier, each with a shard of its own: each answers every command.</summary>
public sealed class MySqlForwardingTests : IAsyncLifetime
{
    private readonly MySqlLedgerOptions _options = new()
    {
        Primaries = [ClusterUnderTest.MySql],
        Shards = 2, DatabasePrefix = $"tideline_peers_{new IdGenerator(TimeProvider.System).Next():N}"[..40],
    };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await using var connection = new MySqlConnection(ClusterUnderTest.MySql);
        await connection.OpenAsync();
        for (var shard = 0; shard < 2; shard++)
        {
            await using var drop = new MySqlCommand(
                $"DROP DATABASE IF EXISTS {_options.DatabasePrefix}_{shard}", connection);
            await drop.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task Each_process_answers_commands_for_every_shard_and_whoever_reads_there_next_sees_them()
    {
        await using var even = await PeerNode.StartAsync(_options, [0]);
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);
        foreach (var node in (PeerNode[])[even, odd])
        {
            for (var shard = 0; shard < 2; shard++)
            {
                var (from, to) = (await node.AccountAsync(shard, 100), await node.AccountAsync(shard));
                // Keys of both homes.
                for (var home = 0; home < 2; home++)
                {
                    var reply = await node.Payments.TransferAsync(
                        Transfer(node, from, to, 10, node.Ledger.Map.NextOn(home, node.Ledger.Ids)), default);
                    reply.Status.ShouldBe(TransferStatus.Settled);
                    node.Ledger.CommittedHead(shard)
                        .EventSeq.ShouldBeGreaterThanOrEqualTo(reply.Positions.Single().Seq);
                }

                (await node.BalanceAsync(from), await node.BalanceAsync(to)).ShouldBe((80, 20));
                (await node.Payments.TransferAsync(
                    Transfer(node, from, to, 81, node.Ledger.Map.NextOn(1 - shard, node.Ledger.Ids)), default))
                    .Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.InsufficientFunds);
                var hold = (await node.Ledger.ExecuteAsync(new PlaceHold(node.Ledger.Ids.Next(), from,
                    new Money(5, PeerNode.Eur), TimeProvider.System.NowUs() + 60_000_000, null), default)).Subject;
                (await node.Ledger.ExecuteAsync(new CaptureHold(
                    node.Ledger.Ids.Next(), hold, from, PeerNode.Eur, null, true), default)).BalanceMinor.ShouldBe(75);
            }
        }
    }

    [Fact]
    public async Task A_key_that_is_sent_to_both_processes_at_once_has_one_outcome_and_another_body_is_refused()
    {
        await using var even = await PeerNode.StartAsync(_options, [0]);
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);
        for (var shard = 0; shard < 2; shard++)
        {
            var account = await even.AccountAsync(shard);
            var keys = Enumerable.Range(0, 40)
                .Select(number => even.Ledger.Map.NextOn(number % 2, even.Ledger.Ids)).ToList();
            var replies = await Task.WhenAll(keys.SelectMany(
                key => new[] { even.DepositAsync(account, 1, key), odd.DepositAsync(account, 1, key) }));
            foreach (var pair in replies.Chunk(2)) (pair[0].Subject, pair[0].Refusal, pair[0].Position)
                .ShouldBe((pair[1].Subject, null, pair[1].Position));
            (await odd.BalanceAsync(account)).ShouldBe(keys.Count);
            foreach (var key in keys)
            {
                (await even.DepositAsync(account, 2, key))
                    .Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
                (await odd.DepositAsync(account, 2, key))
                    .Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
            }
        }
    }

    [Fact]
    public async Task Of_openings_with_one_iban_that_two_processes_are_sent_at_once_one_has_it()
    {
        await using var even = await PeerNode.StartAsync(_options, [0]);
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);
        var ids = even.Ledger.Ids;
        var ada = new CreateCustomer(ids.Next(), "Ada", "ada@example.com", "DE");
        (await even.Ledger.ExecuteAsync(ada, default)).Refusal.ShouldBeNull();
        for (var round = 0; round < 12; round++)
        {
            var iban = Iban.Create("DE", $"{round:000000000000000000}").ToString();
            OpenAccount Open(Guid key) => new(ids.Next(), ada.CustomerId, PeerNode.Eur, 0, iban)
            {
                Key = key, Fingerprint = Idempotency.Fingerprint(iban),
            };
            // Two requests of different clients, each sent to both processes at once.
            var (first, second) = (ids.Next(), ids.Next());
            var replies = await Task.WhenAll(
                even.Ledger.ExecuteAsync(Open(first), default), odd.Ledger.ExecuteAsync(Open(first), default),
                even.Ledger.ExecuteAsync(Open(second), default), odd.Ledger.ExecuteAsync(Open(second), default));
            foreach (var pair in replies.Chunk(2))
                (pair[0].Subject, pair[0].Refusal).ShouldBe((pair[1].Subject, pair[1].Refusal));
            var refused = replies.Select(reply => reply.Refusal).OfType<Refusal>();
            refused.ShouldAllBe(refusal => refusal.Reason == RefusalReason.IbanTaken);
            var done = replies.Where(reply => reply.Refusal is null).Select(reply => reply.Subject);
            var winner = done.Distinct().ShouldHaveSingleItem();
            (await even.Ledger.FindIbanAsync(iban, default)).ShouldBe(winner);
            (await odd.Ledger.FindIbanAsync(iban, default)).ShouldBe(winner);
        }

        for (var shard = 0; shard < 2; shard++)
            (await new IbanCheck(even.Ledger, shard).RunAsync(default)).Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_transfer_across_the_shards_of_two_processes_settles_whoever_is_asked()
    {
        await using var even = await PeerNode.StartAsync(_options, [0]);
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);
        var accounts = new[] { await even.AccountAsync(0, 100), await odd.AccountAsync(1, 100) };
        using var done = new CancellationTokenSource();
        var pump = PumpAsync([even, odd], done.Token);
        foreach (var node in (PeerNode[])[even, odd])
        {
            for (var source = 0; source < 2; source++)
            {
                var request = Transfer(node,
                    accounts[source], accounts[1 - source], 7, node.Ledger.Map.NextOn(1 - source, node.Ledger.Ids));
                var reply = await node.Payments.TransferAsync(request, default);
                reply.Status.ShouldBe(TransferStatus.Settled);
                reply.Positions.Count.ShouldBe(2);
                foreach (var position in reply.Positions)
                    (await node.Ledger.IsWrittenAsync(position, default)).ShouldBeTrue();
                var other = node == even ? odd : even;
                (await other.Payments.TransferAsync(request, default)).TransferId.ShouldBe(reply.TransferId);
            }
        }

        await done.CancelAsync();
        await pump;
        (await even.BalanceAsync(accounts[0]), await even.BalanceAsync(accounts[1])).ShouldBe((100, 100));
    }

    [Fact]
    public async Task Money_on_suspense_and_dead_letters_are_settled_whoever_is_asked()
    {
        await using var even = await PeerNode.StartAsync(_options, [0]);
        var first = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, first);
        var (from, to) = (await even.AccountAsync(1, 100), await even.AccountAsync(0));
        var other = await even.AccountAsync(0);
        var start = new StartTransfer(even.Ledger.NextIdBeside(from), from, to, new Money(100, PeerNode.Eur), null);
        var saga = (await even.Ledger.ExecuteAsync(start, default)).Subject;
        await even.Ledger.ExecuteAsync(new SetAccountStatus(to, AccountStatus.Frozen), default);
        var closing = await even.Ledger.ExecuteAsync(new SetAccountStatus(from, AccountStatus.Closed), default);
        closing.Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.TransfersUnderWay);
        // Closed behind the back of an owner that is gone: the next one reads it.
        await first.DisposeAsync();
        await ExecuteAsync($"UPDATE {_options.DatabasePrefix}_1.accounts SET status = 2 WHERE account_id = 0x{from:N}");
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);

        using var done = new CancellationTokenSource();
        var pump = PumpAsync([even, odd], done.Token);
        await UntilAsync(odd, saga, SagaState.Suspended);
        var operations = new SagaOperations(even.Ledger, even.Definitions);
        (await operations.PayOutAsync(saga, null, default))!.Reason.ShouldBe(RefusalReason.AccountClosed);
        (await operations.PayOutAsync(saga, other, default)).ShouldBeNull();
        (await operations.PayOutAsync(saga, other, default))!.Reason.ShouldBe(RefusalReason.NothingOnSuspense);
        var payout = (await operations.ShowAsync(saga, default))!.Value.Summary.PayoutId.ShouldNotBeNull();
        await UntilAsync(odd, payout, SagaState.Completed);
        (await even.BalanceAsync(other)).ShouldBe(100);

        var garbage = new LogRecord(Topics.SagaCommands, 1, 0, "foreign", 1, saga, "ODD", saga, 0, 0, new byte[3]);
        await odd.Runner.HandleAsync(1, [garbage], default);
        var letters = new SagaLetters(even.Ledger, even.Definitions);
        var letter = (await letters.ListAsync(default, 10, default)).Items.ShouldHaveSingleItem();
        (await letters.ReplayAsync(letter.LetterId, dryRun: false, default)).ShouldNotBeNull();
        await letters.DiscardAsync(letter.LetterId, "A test", default);
        (await letters.ListAsync(default, 10, default)).Items.ShouldBeEmpty();
        await done.CancelAsync();
        await pump;
    }

    [Fact]
    public async Task What_an_operator_asks_of_a_saga_goes_to_its_owner()
    {
        await using var even = await PeerNode.StartAsync(_options, [0]);
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);
        var (from, to) = (await even.AccountAsync(1, 100), await even.AccountAsync(0));
        // Nobody carries its message: it stands at its first step.
        var start = new StartTransfer(even.Ledger.Ids.Next(), from, to, new Money(1, PeerNode.Eur), null);
        (await even.Ledger.ExecuteAsync(start, default)).Kind.ShouldBe(OutcomeKind.Saga);
        var row = (await even.Ledger.Reader(1).GetSagaAsync(start.TransferId, default)).ShouldNotBeNull();
        var refused = await even.Ledger.SubmitAsync(1, AdvanceSaga.Of(row, 1, SagaTrigger.Retry, even.Definitions));
        refused.Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.SagaNotParked);
    }

    [Fact]
    public async Task Who_does_not_know_the_secret_is_turned_away_and_changes_nothing()
    {
        await using var even = await PeerNode.StartAsync(_options, [0, 1]);
        await Eventually.IsTrueAsync(() => even.Ledger.Owns(0) && even.Ledger.Owns(1));
        var customer = new CreateCustomer(even.Ledger.Map.NextOn(0, even.Ledger.Ids), "Eve", "eve@example.com", "DE");
        var body = PeerNode.Write(customer).ToArray();
        foreach (var secret in (string?[])[null, "", "secret", Guid.Empty.ToString(), even.Ledger.Ids.Next()
            .ToString()]) (await PostAsync(even, 0, secret, body)).ShouldBe(HttpStatusCode.Forbidden);
        (await even.Ledger.Reader(0).GetCustomerAsync(customer.CustomerId, default)).ShouldBeNull();

        var known = even.Owner.Secret.ToString();
        (await PostAsync(even, 0, known, new byte[GatewayLimits.ForwardBodyBytes + 1]))
            .ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await PostAsync(even, 1, known, body)).ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(even, 2, known, body)).ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(even, 0, known, Encoding.UTF8.GetBytes("[{\"sealBlock\":{}}]")))
            .ShouldBe(HttpStatusCode.BadRequest);
        (await even.Ledger.Reader(0).GetCustomerAsync(customer.CustomerId, default)).ShouldBeNull();
        (await PostAsync(even, 0, known, body)).ShouldBe(HttpStatusCode.OK);
        (await even.Ledger.Reader(0).GetCustomerAsync(customer.CustomerId, default)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_command_for_a_shard_that_is_another_ones_is_not_sent_on()
    {
        var sent = 0;
        await using var even = await PeerNode.StartAsync(_options, [0], carry => (owner, shard, commands, cancel) =>
        {
            Interlocked.Increment(ref sent);
            return carry(owner, shard, commands, cancel);
        });
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);
        using var client = new PeerClient();
        var customer = new CreateCustomer(even.Ledger.Map.NextOn(1, even.Ledger.Ids), "Ada", "ada@example.com", "DE");
        var answer = Encoding.UTF8.GetString(
            (await client.CarryAsync(even.Owner, 1, PeerNode.Write(customer), default)).Span);
        answer.ShouldContain("NotOwner");
        sent.ShouldBe(0);
        (await odd.Ledger.Reader(1).GetCustomerAsync(customer.CustomerId, default)).ShouldBeNull();
    }

    [Fact]
    public async Task A_command_whose_answer_was_lost_is_told_as_such_and_happens_once_when_it_is_repeated()
    {
        var loses = false;
        await using var even = await PeerNode.StartAsync(
            _options, [0], carry => async (owner, shard, commands, cancel) =>
        {
            var answers = await carry(owner, shard, commands, cancel);
            return Volatile.Read(ref loses)
                ? throw new TidelineException(ErrorCode.StorageUnavailable, "The line was lost.")
                : answers;
        });
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);
        var account = await even.AccountAsync(1);
        foreach (var home in (int[])[0, 1])
        {
            var (key, before) = (even.Ledger.Map.NextOn(home, even.Ledger.Ids), await even.BalanceAsync(account));
            Volatile.Write(ref loses, true);
            (await Should.ThrowAsync<TidelineException>(() => even.DepositAsync(account, 5, key)))
                .IsTransient.ShouldBeTrue();
            Volatile.Write(ref loses, false);
            (await even.DepositAsync(account, 5, key)).IsRepeat.ShouldBeTrue();
            (await odd.BalanceAsync(account)).ShouldBe(before + 5);
        }
    }

    [Fact]
    public async Task A_command_for_a_frozen_owner_is_refused_and_the_next_owner_carries_out_its_repetition()
    {
        // It takes connections and shards and says nothing, as a process that is stopped.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var still = await MySqlLedgerStore.OpenAsync(_options with
        {
            Owner = new ShardOwner("still", $"http://{silent.LocalEndpoint}",
                new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11])),
            Own = new HashSet<int> { 1 }
        }, TimeProvider.System, NullLogger.Instance, default);
        await using var writer = still.OpenWriter(1);
        await writer.AcquireAsync(default);
        await using var node = await PeerNode.StartAsync(_options, [0]);
        await Eventually.IsTrueAsync(() => node.Ledger.Owns(0) && node.Ledger.OwnerElsewhere(1) is not null);
        var customer = new CreateCustomer(node.Ledger.Map.NextOn(1, node.Ledger.Ids), "Ada", "ada@example.com",
            "DE")
        { Key = node.Ledger.Map.NextOn(1, node.Ledger.Ids), Fingerprint = node.Ledger.Ids.Next() };
        var told = await Should.ThrowAsync<TidelineException>(() => node.Ledger.ExecuteAsync(customer, default));
        (told.Code, told.Message.Contains("still", StringComparison.Ordinal))
            .ShouldBe((ErrorCode.StorageUnavailable, true));
        // It waits for the lease to end, for those who would prefer the shard, and for this process to take it.
        (await RepeatAsync(() => node.Ledger.ExecuteAsync(customer, default))).Refusal.ShouldBeNull();
        node.Ledger.Owns(1).ShouldBeTrue();
    }

    [Fact]
    public async Task Commands_go_on_while_a_shard_is_handed_over_and_back()
    {
        await using var even = await PeerNode.StartAsync(_options, [0]);
        await Eventually.IsTrueAsync(() => even.Ledger.Owns(0) && even.Ledger.Owns(1));
        var account = await even.AccountAsync(1);
        using var done = new CancellationTokenSource();
        var clients = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var answered = 0;
            for (; !done.IsCancellationRequested; answered++)
            {
                var key = even.Ledger.Ids.Next();
                (await RepeatAsync(() => even.DepositAsync(account, 1, key))).Refusal.ShouldBeNull();
            }

            return answered;
        })));
        await using (var odd = await PeerNode.StartAsync(_options, [1]))
        {
            await Eventually.IsTrueAsync(() => odd.Ledger.Owns(1));
            var head = odd.Ledger.CommittedHead(1).EventSeq;
            await Eventually.IsTrueAsync(() => odd.Ledger.CommittedHead(1).EventSeq > head + 20);
        }

        await Eventually.IsTrueAsync(() => even.Ledger.Owns(1));
        await done.CancelAsync();
        var answered = (await clients).Sum();
        (await even.BalanceAsync(account)).ShouldBe(answered);
    }

    private static TransferRequest Transfer(PeerNode node, Guid from, Guid to, long minor, Guid key) =>
        new(from, to, new Money(minor, PeerNode.Eur), null, key, Idempotency.Fingerprint($"{from}|{to}|{minor}"));

    private static Task SplitAsync(PeerNode even, PeerNode odd) => Eventually.IsTrueAsync(() =>
        even.Ledger.Owns(0) && odd.Ledger.Owns(1) && even.Ledger.OwnerElsewhere(1)?.Address == odd.Owner.Address
            && odd.Ledger.OwnerElsewhere(0)?.Address == even.Owner.Address);
}
