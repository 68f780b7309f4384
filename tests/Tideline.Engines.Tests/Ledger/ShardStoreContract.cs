using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger;

/// <summary>What every engine of the strong tier must do for the writer of a shard.</summary>
public abstract class ShardStoreContract : ShardStoreStage
{
    [Fact]
    public void A_new_shard_starts_at_zero()
    {
        (Head.Shard, Head.EventSeq, Head.MessageSeq, Head.BlockNumber, Head.BlockThroughSeq, Head.TimeUs)
            .ShouldBe((Shard, 0L, 0L, 0L, 0L, 0L));
        Head.BlockHash.ShouldBe(new byte[32]);
    }

    [Fact]
    public async Task An_account_comes_back_as_it_was_written()
    {
        var account = new AccountRow
        {
            Id = Id(1),
            CustomerId = Id(2),
            Kind = AccountKind.Customer,
            Currency = Currency.Parse("KWD"),
            Status = AccountStatus.Frozen,
            OverdraftLimitMinor = 3,
            PostedMinor = -4,
            PendingInMinor = 5,
            PendingOutMinor = 6,
            EntryVersion = 7,
            Version = 8,
            Iban = "DE02120300000000202051",
            CreatedUs = TimeUs,
        };
        await CommitAsync(writes => writes.NewAccounts.Add(account));
        (await Reader.GetAccountAsync(account.Id, Cancel)).ShouldBeEquivalentTo(account);

        (account.Status, account.OverdraftLimitMinor, account.PostedMinor, account.PendingInMinor) =
            (AccountStatus.Closed, 30, -LedgerLimits.BalanceMinor, 50);
        (account.PendingOutMinor, account.EntryVersion, account.Version, account.ReturnableMinor) = (60, 70,
            long.MaxValue, 80);
        await CommitAsync(writes => writes.ChangedAccounts.Add(account));
        (await Reader.GetAccountAsync(account.Id, Cancel)).ShouldBeEquivalentTo(account);
        var rows = await Store.BeginAsync(Keys(account.Id));
        await Store.RollbackAsync();
        rows.Accounts[account.Id].ShouldBeEquivalentTo(account);
    }

    [Fact]
    public async Task A_system_account_belongs_to_no_customer()
    {
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(1), Guid.Empty, kind: AccountKind.Cash)));
        var account = await Reader.GetAccountAsync(Id(1), Cancel);
        account.ShouldNotBeNull();
        (account.CustomerId, account.Kind).ShouldBe((Guid.Empty, AccountKind.Cash));
        (await Reader.GetAccountsOfCustomerAsync(Guid.Empty, 10, Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_other_row_comes_back_as_it_was_written()
    {
        var customer = new CustomerRow(new PersonalPart(Id(1), [0, 39, 92, 255]), 9, TimeUs);
        var transaction = new TransactionRow(Id(2), TransactionKind.Refund,
            new Money(77, Euro), "rent ✓", Id(3), TimeUs, [new(Id(4), 5), new(Id(6), 7), new(Id(8), long.MaxValue)],
            new TransactionDetails
            {
                ValueDate = new DateOnly(2026, 2, 28), Code = "SALA", ExternalReference = "O'Neill \\ 7",
                Metadata = new() { ["order"] = "Žižkov \"5\"", ["a"] = "" },
                Personal = [new PersonalPart(Id(5), [0, 39, 92, 255]), new PersonalPart(Id(6), [])],
            });
        var exchange = transaction with { Id = Id(14), Amount = null, Details = new() { Code = "FX" } };
        var plain = new TransactionRow(Id(3), TransactionKind.Deposit, new Money(1, Euro), null, null, TimeUs, []);
        var entry = new EntryRow(Id(4), 1, Id(2), -77, 23, TimeUs);
        var hold = Hold(Id(5), Id(4), HoldStatus.Open, TimeUs + 9);
        var outcome = Outcome(Id(6));
        var claim = new ClaimRow("iban", "GB82WEST12345698765432", Id(7), "account", Id(8));
        var card = Aggregate(Id(9), "active", TimeUs + 5, kind: "card:1");
        var loan = Aggregate(Id(11), "paid", atRest: true) with { Data = [] };
        var message = new MessageRow(1, 3, Id(10), "Credit", [9, 0, 9], TimeUs);
        var block = new AuditBlockRow(1, 1, 1, new byte[32], [.. Enumerable.Repeat((byte)7, 32)], TimeUs);
        var happened = Event(
            Shard, 1, EventType.CustomerCreated, Id(1), 1, new EventData { CustomerId = Id(1), Reference = "Žofie" });
        await CommitAsync(writes =>
        {
            writes.NewCustomers.Add(customer);
            writes.Transactions.AddRange([transaction, plain, exchange]);
            writes.Entries.Add(entry);
            writes.Holds.Add(hold);
            writes.Outcomes.Add(outcome);
            writes.Claims.Add(claim.Key, claim);
            writes.NewAggregates.AddRange([card, loan]);
            writes.Messages.Add(message);
            writes.Blocks.Add(block);
            writes.Events.Add(happened);
        });

        (await Reader.GetCustomerAsync(customer.Id, Cancel)).ShouldBe(customer);
        (await Reader.GetTransactionAsync(transaction.Id, Cancel))
            .ShouldBeEquivalentTo(transaction with { Legs = transaction.Legs.ToArray() });
        (await Reader.GetTransactionAsync(exchange.Id, Cancel))
            .ShouldBeEquivalentTo(exchange with { Legs = transaction.Legs.ToArray() });
        (await Reader.GetTransactionAsync(plain.Id, Cancel))
            .ShouldBeEquivalentTo(plain with { Legs = Array.Empty<EntryKey>() });
        (await Reader.GetEntriesAsync(entry.AccountId, long.MaxValue, 10, Cancel)).ShouldBe([entry]);
        (await Reader.GetHoldAsync(hold.Id, Cancel)).ShouldBe(hold);
        (await Reader.GetOutcomeAsync(outcome.Key, Cancel)).ShouldBe(outcome);
        (await Reader.GetClaimAsync(claim.Key, Cancel)).ShouldBe(claim);
        (await Reader.GetAggregateAsync(card.Id, Cancel)).ShouldBeEquivalentTo(card);
        (await Reader.GetAggregateAsync(loan.Id, Cancel)).ShouldBeEquivalentTo(loan);
        (await Reader.GetMessagesAsync(0, 10, Cancel)).ShouldHaveSingleItem().ShouldBeEquivalentTo(message);
        (await Reader.GetBlocksAsync(0, 10, Cancel)).ShouldHaveSingleItem().ShouldBeEquivalentTo(block);
        var read = (await Reader.GetEventsAsync(0, 10, Cancel)).ShouldHaveSingleItem();
        (read with { Data = default }).ShouldBe(happened with { Data = default });
        read.Data.ToArray().ShouldBe(happened.Data.ToArray());
    }

    [Fact]
    public async Task A_batch_reads_exactly_the_rows_it_names()
    {
        await CommitAsync(writes =>
        {
            writes.NewAccounts.AddRange([Account(Id(1), Id(2)), Account(Id(3), Id(2))]);
            writes.NewCustomers.Add(new CustomerRow(new PersonalPart(Id(2), [1]), 1, TimeUs));
            writes.Holds.Add(Hold(Id(4), Id(1), HoldStatus.Open, TimeUs));
            writes.NewAggregates.Add(Aggregate(Id(5), "parked"));
            writes.Outcomes.Add(Outcome(Id(6)));
            writes.Claims.Add(Key("X"), Claim("X", Id(6), Id(1)));
            writes.Transactions.Add(
                new TransactionRow(Id(7), TransactionKind.Deposit, new Money(1, Euro), null, null, TimeUs, []));
        });
        var keys = new BatchKeys
        {
            Accounts = { Id(1), Id(99) }, Customers = { Id(2) }, Holds = { Id(4) },
            Aggregates = { Id(5) }, Outcomes = { Id(6) }, Transactions = { Id(7), Id(98) },
            Claims = { Key("X"), Key("Y"), Key("X") with { Space = "card" } }
        };
        var rows = await Store.BeginAsync(keys);
        await Store.RollbackAsync();

        rows.Accounts.Keys.ShouldBe([Id(1)]);
        rows.Customers.Keys.ShouldBe([Id(2)]);
        rows.Holds.Keys.ShouldBe([Id(4)]);
        rows.Aggregates.Keys.ShouldBe([Id(5)]);
        rows.Outcomes.Keys.ShouldBe([Id(6)]);
        rows.Transactions.ShouldBe([Id(7)]);
        rows.Claims.Keys.ShouldBe([Key("X")]);
    }

    [Fact]
    public async Task Holds_and_aggregates_are_replaced_whole()
    {
        await CommitAsync(writes =>
        {
            writes.Holds.Add(Hold(Id(1), Id(2), HoldStatus.Open, TimeUs));
            writes.NewAggregates.Add(Aggregate(Id(3), "open", TimeUs));
        });
        var hold = Hold(Id(1), Id(2), HoldStatus.Expired, TimeUs + 1)
            with
        { AmountMinor = 1, CapturedMinor = 1, Reference = null };
        var loan = new AggregateRow(Id(3), "loan:3", 4, "paid", true, null, [7]);
        await CommitAsync(writes =>
        {
            writes.Holds.Add(hold);
            writes.ChangedAggregates.Add(loan);
        });
        (await Reader.GetHoldAsync(Id(1), Cancel)).ShouldBe(hold);
        (await Reader.GetAggregateAsync(Id(3), Cancel)).ShouldBeEquivalentTo(loan);
        (await Reader.GetExpiredHoldsAsync(long.MaxValue, 10, Cancel)).ShouldBeEmpty();
        (await Reader.GetDueAggregatesAsync("", long.MaxValue, 10, Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_commit_is_all_or_nothing()
    {
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(1), Id(2))));
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewCustomers.Add(new CustomerRow(new PersonalPart(Id(2), [1]), 1, TimeUs));
        writes.ChangedAccounts.Add(Account(Id(1), Id(2), postedMinor: 5));
        writes.Outcomes.Add(Outcome(Id(6)));
        var row = new TransactionRow(Id(7), TransactionKind.Deposit, new Money(1, Euro), null, null, TimeUs, []);
        writes.Transactions.AddRange([row, row]);
        // The code by which the writer knows that the engine refuses a row.
        var refused = await Should.ThrowAsync<TidelineException>(() => CommitAsync(Keys(Id(1)), writes));
        refused.Code.ShouldBe(ErrorCode.Internal);

        (await Reader.GetCustomerAsync(Id(2), Cancel)).ShouldBeNull();
        (await Reader.GetOutcomeAsync(Id(6), Cancel)).ShouldBeNull();
        (await Reader.GetAccountAsync(Id(1), Cancel))!.PostedMinor.ShouldBe(0);
        (await Store.BeginAsync(Keys(Id(1)))).Accounts[Id(1)].PostedMinor.ShouldBe(0);
        await Store.RollbackAsync();
        await CommitAsync(later => later.Outcomes.Add(Outcome(Id(6))));
        (await Reader.GetOutcomeAsync(Id(6), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Rows_that_a_batch_was_given_are_its_own_until_it_commits()
    {
        await CommitAsync(writes =>
        {
            writes.NewAccounts.Add(Account(Id(1), Id(2), postedMinor: 7));
            writes.NewAggregates.Add(Aggregate(Id(3), "open"));
        });
        var keys = new BatchKeys { Accounts = { Id(1) }, Aggregates = { Id(3) } };
        var dropped = await Store.BeginAsync(keys);
        dropped.Accounts[Id(1)].PostedMinor = 99;
        dropped.Aggregates[Id(3)] = dropped.Aggregates[Id(3)] with { Version = 99 };
        await Store.RollbackAsync();

        var given = await Store.BeginAsync(keys);
        (given.Accounts[Id(1)].PostedMinor, given.Aggregates[Id(3)].Version).ShouldBe((7, 3));
        given.Accounts[Id(1)].PostedMinor = 8;
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.ChangedAccounts.Add(given.Accounts[Id(1)]);
        writes.ChangedAggregates.Add(given.Aggregates[Id(3)] with { State = "paid", AtRest = true, Version = 4 });
        (await Store.CommitAsync(writes)).ShouldBeTrue();
        await Store.SyncAsync();
        var next = await Store.BeginAsync(keys);
        await Store.RollbackAsync();
        (next.Accounts[Id(1)].PostedMinor, next.Aggregates[Id(3)].Version, next.Aggregates[Id(3)].State)
            .ShouldBe((8, 4, "paid"));
        next.Accounts[Id(1)].ShouldNotBeSameAs(given.Accounts[Id(1)]);
    }

    [Fact]
    public async Task A_key_that_is_taken_is_found_before_anything_is_committed()
    {
        await CommitAsync(writes =>
        {
            writes.NewAccounts.Add(Account(Id(1), Id(2)));
            writes.Outcomes.Add(Outcome(Id(6)));
            writes.Transactions.Add(
                new TransactionRow(Id(7), TransactionKind.Deposit, new Money(1, Euro), null, null, TimeUs, []));
        });
        // The first taken, the second not written and so unknown, the third free.
        foreach (var (
            outcome, transaction, isKnown) in ((int, int, bool)[])[(6, 17, true), (16, 7, true), (26, 27, false)])
        {
            var keys = new BatchKeys
            {
                Accounts = { Id(1) }, Outcomes = { Id(outcome) }, Transactions = { Id(transaction) }
            };
            for (var attempt = 1; ; attempt++)
            {
                attempt.ShouldBeLessThanOrEqualTo(2);
                var rows = await Store.BeginAsync(keys);
                if (rows.Outcomes.Count + rows.Transactions.Count > 0)
                {
                    isKnown.ShouldBeTrue();
                    await Store.RollbackAsync();
                    break;
                }

                rows.Accounts[Id(1)].PostedMinor += 5;
                var writes = new BatchWrites { TimeUs = TimeUs };
                writes.ChangedAccounts.Add(rows.Accounts[Id(1)]);
                writes.Outcomes.Add(Outcome(Id(outcome)));
                writes.Transactions.Add(
                    new TransactionRow(
                        Id(transaction), TransactionKind.Deposit, new Money(5, Euro), null, null, TimeUs, []));
                if (!await Store.CommitAsync(writes)) continue;
                await Store.SyncAsync();
                isKnown.ShouldBeFalse();
                break;
            }
        }

        (await Reader.GetAccountAsync(Id(1), Cancel))!.PostedMinor.ShouldBe(5);
    }

    [Fact]
    public async Task A_key_that_a_batch_named_and_did_not_write_is_looked_up()
    {
        await CommitAsync(writes =>
        {
            writes.NewAccounts.Add(Account(Id(1), Id(2)));
            writes.Outcomes.Add(Outcome(Id(6)));
        });
        // Decided as if the key were free, in a way that leaves nothing under it.
        var keys = new BatchKeys { Accounts = { Id(1) }, Outcomes = { Id(6) } };
        if (!(await Store.BeginAsync(keys)).Outcomes.ContainsKey(Id(6)))
        {
            (await Store.CommitAsync(new BatchWrites { TimeUs = TimeUs })).ShouldBeFalse();
            (await Store.BeginAsync(keys)).Outcomes.ShouldContainKey(Id(6));
        }

        await Store.RollbackAsync();
    }

    [Fact]
    public async Task Readers_see_committed_rows_only()
    {
        await Store.BeginAsync(Keys());
        (await Reader.GetHeadAsync(Cancel)).EventSeq.ShouldBe(0);
        await Store.RollbackAsync();
        await CommitAsync(writes => writes.NewAccounts.Add(Account(Id(1), Id(2))));
        (await Reader.GetAccountAsync(Id(1), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_read_is_answered_when_what_it_saw_is_durable()
    {
        await Store.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewAccounts.Add(Account(Id(1), Id(2)));
        await Store.CommitAsync(writes);
        var read = Reader.GetAccountAsync(Id(1), Cancel).AsTask();
        // An engine whose commits are durable at once has answered already.
        if (read.IsCompleted) (await read).ShouldNotBeNull();
        await Store.SyncAsync();
        (await read).ShouldNotBeNull();
    }

    [Fact]
    public async Task The_next_batch_builds_on_one_that_is_not_durable_yet()
    {
        await Store.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.NewAccounts.Add(Account(Id(1), Id(2), postedMinor: 7));
        await Store.CommitAsync(writes);
        (await Store.BeginAsync(Keys(Id(1)))).Accounts[Id(1)].PostedMinor.ShouldBe(7);
        await Store.RollbackAsync();
        await Store.SyncAsync();
    }

    [Fact]
    public async Task An_older_owner_is_refused_once_a_newer_took_over()
    {
        await CommitAsync(writes => writes.Messages.Add(new MessageRow(1, 0, Id(1), "Credit", [], TimeUs)));
        await using var successor = Ledger.OpenWriter(Shard);
        await EndLeaseAsync();
        var head = await successor.AcquireAsync(Cancel);
        head.Epoch.ShouldBeGreaterThan(Head.Epoch);

        var late = new BatchWrites { TimeUs = TimeUs };
        late.Messages.Add(new MessageRow(2, 0, Id(2), "Credit", [], TimeUs));
        var refused = await Should.ThrowAsync<TidelineException>(() => CommitAsync(Keys(), late));
        refused.Code.ShouldBe(ErrorCode.NotOwner);
        await successor.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.Messages.Add(new MessageRow(2, 0, Id(1), "Credit", [], TimeUs));
        await successor.CommitAsync(writes);
        await successor.SyncAsync();
        (await Reader.GetMessagesAsync(0, 10, Cancel)).Select(message => message.SagaId).ShouldBe([Id(1), Id(1)]);
    }

    [Fact]
    public async Task The_head_survives_reopening_and_forgetting()
    {
        var hash = Enumerable.Repeat((byte)3, 32).ToArray();
        await CommitAsync(writes =>
        {
            writes.Events.AddRange([Event(Shard, 1, EventType.CustomerCreated, Id(1), 1, new()),
                Event(Shard, 2, EventType.CustomerCreated, Id(2), 1, new())]);
            writes.Messages.AddRange(
                [new MessageRow(1, 0, Id(1), "A", [], TimeUs), new MessageRow(2, 0, Id(1), "B", [], TimeUs)]);
            writes.Blocks.Add(new AuditBlockRow(1, 1, 2, new byte[32], hash, TimeUs));
        });
        await CommitAsync(writes => writes.ForgetMessagesThrough = 2);
        (await Reader.GetMessagesAsync(0, 10, Cancel)).ShouldBeEmpty();

        await using var reopened = Ledger.OpenWriter(Shard);
        await EndLeaseAsync();
        var head = await reopened.AcquireAsync(Cancel);
        (head.EventSeq, head.MessageSeq, head.BlockNumber, head.BlockThroughSeq, head.TimeUs)
            .ShouldBe((2L, 2L, 1L, 2L, TimeUs));
        head.BlockHash.ShouldBe(hash);
        head.ShouldBeEquivalentTo(await Reader.GetHeadAsync(Cancel));
    }

    [Fact]
    public async Task A_gap_in_the_events_is_refused()
    {
        await Store.BeginAsync(Keys());
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.Events.Add(Event(Shard, 2, EventType.CustomerCreated, Id(1), 1, new()));
        await Should.ThrowAsync<TidelineException>(async () => await Store.CommitAsync(writes));
        (await Reader.GetHeadAsync(Cancel)).EventSeq.ShouldBe(0);
        await CommitAsync(later => later.Events.Add(Event(Shard, 1, EventType.CustomerCreated, Id(1), 1, new())));
    }
}
