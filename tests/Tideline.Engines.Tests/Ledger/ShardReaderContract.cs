using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger;

/// <summary>What every engine of the strong tier must answer beside its writer.</summary>
public abstract class ShardReaderContract : AggregateContract
{
    [Fact]
    public async Task The_time_of_the_head_never_goes_back_and_the_next_owner_begins_with_it()
    {
        foreach (var timeUs in (long[])[TimeUs + 5, TimeUs, TimeUs + 4])
        {
            await Store.BeginAsync(new BatchKeys());
            (await Store.CommitAsync(new BatchWrites { TimeUs = timeUs })).ShouldBeTrue();
            await Store.SyncAsync();
            (await Reader.GetHeadAsync(Cancel)).TimeUs.ShouldBe(TimeUs + 5);
        }

        await EndLeaseAsync();
        await using var next = Ledger.OpenWriter(Shard);
        (await next.AcquireAsync(Cancel)).TimeUs.ShouldBe(TimeUs + 5);
    }

    [Fact]
    public async Task Pages_of_accounts_follow_each_other_in_the_order_of_ids()
    {
        await CommitAsync(writes =>
            writes.NewAccounts.AddRange([Account(Id(3), Id(9)), Account(Id(1), Id(9)), Account(Id(2), Id(8))]));
        var first = await Reader.GetAccountsAsync(Guid.Empty, 2, Cancel);
        first.Select(account => account.Id).ShouldBe([Id(1), Id(2)]);
        (await Reader.GetAccountsAsync(first[^1].Id, 2, Cancel)).Select(account => account.Id).ShouldBe([Id(3)]);
        (await Reader.GetAccountsOfCustomerAsync(Id(9), 10, Cancel))
            .Select(account => account.Id).ShouldBe([Id(1), Id(3)]);
    }

    [Fact]
    public async Task Entries_come_newest_first_below_a_version()
    {
        await CommitAsync(writes => writes.Entries.AddRange(Entries(Id(1), 5).Concat(Entries(Id(2), 1))));
        (await Reader.GetEntriesAsync(Id(1), long.MaxValue, 2, Cancel))
            .Select(entry => entry.Version).ShouldBe([5L, 4L]);
        (await Reader.GetEntriesAsync(Id(1), 4, 10, Cancel)).Select(entry => entry.Version).ShouldBe([3L, 2L, 1L]);
    }

    [Fact]
    public async Task Entries_of_many_accounts_in_many_batches_are_read_as_lists_of_them_would_be()
    {
        var lists = Enumerable.Range(1, 3).ToDictionary(Id, _ => new List<EntryRow>());
        for (var batch = 0; batch < 6; batch++)
        {
            await CommitAsync(writes =>
            {
                for (var at = 0; at < 15; at++)
                {
                    var (account, list) = lists.ElementAt((at + batch) * at % 3);
                    list.Add(new EntryRow(account, list.Count + 1, Id(1_000), 1, list.Count + 1, TimeUs + 10 * batch));
                    writes.Entries.Add(list[^1]);
                }
            });
        }

        foreach (var (account, list) in lists)
        {
            var newestFirst = Enumerable.Reverse(list).ToList();
            for (var before = 0; before <= list.Count + 2; before++)
            {
                foreach (var limit in (int[])[1, 7, 200])
                {
                    (await Reader.GetEntriesAsync(account, before, limit, Cancel))
                        .ShouldBe(newestFirst.Where(entry => entry.Version < before).Take(limit));
                }
            }

            for (var time = TimeUs - 1; time <= TimeUs + 60; time++)
            {
                var expected = newestFirst.Where(entry => entry.TimeUs <= time).Select(entry => (EntryRow?)entry);
                (await Reader.GetEntryAtAsync(account, time, Cancel)).ShouldBe(expected.FirstOrDefault());
            }
        }
    }

    [Fact]
    public async Task Entries_are_read_by_their_keys_and_missing_ones_left_out()
    {
        // More keys than any engine names in one statement.
        var all = Enumerable.Range(1, 3).SelectMany(account => Entries(Id(account), 700)).ToList();
        foreach (var some in all.Chunk(300)) await CommitAsync(writes => writes.Entries.AddRange(some));
        var keys = all.Select(entry => new EntryKey(entry.AccountId, entry.Version)).ToHashSet();
        keys.UnionWith([new(Id(1), 0), new(Id(1), -1), new(Id(1), 701), new(Id(1), long.MaxValue), new(Id(9), 1)]);
        (await Reader.GetEntriesAsync(keys, Cancel)).ShouldBe(all, ignoreOrder: true);
        HashSet<EntryKey> few = [new(Id(2), 650), new(Id(2), 3), new(Id(3), 1), new(Id(2), 702)];
        (await Reader.GetEntriesAsync(few, Cancel)).Select(entry => new EntryKey(entry.AccountId, entry.Version))
            .ShouldBe([new(Id(2), 650), new(Id(2), 3), new(Id(3), 1)], ignoreOrder: true);
        (await Reader.GetEntriesAsync(new HashSet<EntryKey>(), Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Transactions_are_read_by_their_ids_and_missing_ones_left_out()
    {
        var all = Enumerable.Range(1, 1_200).Select(number => new TransactionRow(
            Id(number), TransactionKind.Transfer, new Money(number, Euro), "it's rent", Id(7), TimeUs + number,
            [new EntryKey(Id(1), number), new EntryKey(Id(2), number)])).ToList();
        foreach (var some in all.Chunk(300)) await CommitAsync(writes => writes.Transactions.AddRange(some));
        var ids = all.Select(one => one.Id).Append(Id(9_999)).ToHashSet();
        var found = (await Reader.GetTransactionsAsync(ids, Cancel)).ToDictionary(one => one.Id);
        found.Keys.ShouldBe(all.Select(one => one.Id), ignoreOrder: true);
        foreach (var one in all)
        {
            found[one.Id].Legs.ShouldBe(one.Legs);
            (found[one.Id] with { Legs = one.Legs }).ShouldBe(one);
        }

        (await Reader.GetTransactionsAsync(new HashSet<Guid>(), Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Rows_of_each_kind_are_read_by_their_keys_and_missing_ones_left_out()
    {
        var (outcome, hold) = (Outcome(Id(1)), Hold(Id(2), Id(9), HoldStatus.Open, 1));
        var claim = Claim("it's", Id(3), Id(4));
        await CommitAsync(writes =>
        {
            writes.Outcomes.Add(outcome);
            writes.NewAccounts.Add(Account(Id(5), Id(9), 77));
            writes.NewCustomers.Add(new CustomerRow(new PersonalPart(Id(6), [1, 2, 3]), 1, TimeUs));
            writes.Holds.Add(hold);
            writes.NewAggregates.Add(Aggregate(Id(7), "open"));
            writes.Transactions.Add(new TransactionRow(
                Id(8), TransactionKind.Deposit, new Money(1, Euro), null, null, TimeUs, []));
            writes.Claims.Add(claim.Key, claim);
        });
        var keys = new BatchKeys();
        foreach (var ids in (HashSet<Guid>[])[
            keys.Outcomes, keys.Accounts, keys.Customers, keys.Holds, keys.Aggregates, keys.Transactions])
            ids.UnionWith(Enumerable.Range(1, 1_200).Select(Id));
        keys.Claims.UnionWith([claim.Key, Key("its"), new("card", "it's")]);
        var rows = await Reader.GetRowsAsync(keys, Cancel);
        rows.Outcomes.ShouldHaveSingleItem().ShouldBe(new(Id(1), outcome));
        rows.Accounts.ShouldHaveSingleItem().Key.ShouldBe(Id(5));
        rows.Accounts[Id(5)].PostedMinor.ShouldBe(77);
        rows.Customers.ShouldHaveSingleItem().Key.ShouldBe(Id(6));
        rows.Holds.ShouldHaveSingleItem().ShouldBe(new(Id(2), hold));
        rows.Aggregates.ShouldHaveSingleItem().Key.ShouldBe(Id(7));
        rows.Transactions.ShouldBe([Id(8)]);
        rows.Claims.ShouldHaveSingleItem().ShouldBe(new(claim.Key, claim));
        (await Reader.GetRowsAsync(new BatchKeys(), Cancel)).Accounts.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_entry_at_a_time_is_the_newest_not_after_it()
    {
        // Versions 1 to 40 at times 10, 10, 20, 20, 30, …
        await CommitAsync(writes => writes.Entries.AddRange(
            Entries(Id(1), 40).Select(entry => entry with { TimeUs = (entry.Version + 1) / 2 * 10 })));
        (await Reader.GetEntryAtAsync(Id(1), 9, Cancel)).ShouldBeNull();
        (await Reader.GetEntryAtAsync(Id(7), 9, Cancel)).ShouldBeNull();
        for (var time = 10; time <= 220; time++)
            (await Reader.GetEntryAtAsync(Id(1), time, Cancel))!.Value.Version.ShouldBe(Math.Min(time / 10 * 2, 40));
    }

    [Fact]
    public async Task A_claim_is_replaced_whole_or_given_free()
    {
        await CommitAsync(writes => writes.Claims.Add(Key("X"), Claim("X", Id(1), Id(2))));
        var card = new ClaimRow("iban", "X", Id(3), "card", Id(4));
        await CommitAsync(writes =>
        {
            writes.Claims.Add(Key("X"), card);
            writes.Claims.Add(Key("Y"), Claim("Y", Id(5), Id(6)));
        });
        (await Reader.GetClaimAsync(Key("X"), Cancel)).ShouldBe(card);
        await CommitAsync(writes =>
        {
            writes.Claims.Add(Key("X"), null);
            writes.Claims.Add(Key("Z"), null);
        });
        (await Reader.GetClaimAsync(Key("X"), Cancel)).ShouldBeNull();
        (await Reader.GetClaimAsync(Key("Y"), Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_name_is_claimed_in_each_space_by_itself()
    {
        var (iban, token) = (Claim("X", Id(1), Id(2)), new ClaimRow("card-token", "X", Id(3), "card", Id(4)));
        await CommitAsync(writes =>
        {
            writes.Claims.Add(iban.Key, iban);
            writes.Claims.Add(token.Key, token);
        });
        (await Reader.GetClaimAsync(iban.Key, Cancel)).ShouldBe(iban);
        (await Reader.GetClaimAsync(token.Key, Cancel)).ShouldBe(token);
        (await Reader.GetClaimsAsync(token.Key with { Name = "" }, 10, Cancel)).ShouldBe([token]);
        await CommitAsync(writes => writes.Claims.Add(iban.Key, null));
        (await Reader.GetClaimAsync(iban.Key, Cancel)).ShouldBeNull();
        (await Reader.GetClaimAsync(token.Key, Cancel)).ShouldBe(token);
    }

    [Fact]
    public async Task Pages_of_claims_of_a_space_follow_each_other_in_the_order_of_names()
    {
        await CommitAsync(writes =>
        {
            foreach (var name in (string[])["B", "C", "A"]) writes.Claims.Add(Key(name), Claim(name, Id(1), Id(2)));
            writes.Claims.Add(new("card", "AA"), new ClaimRow("card", "AA", Id(1), "card", Id(2)));
            writes.Claims.Add(new("order", "AA"), new ClaimRow("order", "AA", Id(1), "order", Id(2)));
        });
        var first = await Reader.GetClaimsAsync(Key(""), 2, Cancel);
        first.Select(claim => claim.Name).ShouldBe(["A", "B"]);
        (await Reader.GetClaimsAsync(first[^1].Key, 2, Cancel)).Select(claim => claim.Name).ShouldBe(["C"]);
    }

    [Fact]
    public async Task Ids_of_holds_come_in_order_whatever_their_state()
    {
        await CommitAsync(writes => writes.Holds.AddRange([Hold(Id(3), Id(9), HoldStatus.Open, 1), Hold(Id(1), Id(9),
            HoldStatus.Released, 1), Hold(Id(2), Id(8), HoldStatus.Captured, 1)]));
        (await Reader.GetHoldIdsAsync(Guid.Empty, 2, Cancel)).ShouldBe([Id(1), Id(2)]);
        (await Reader.GetHoldIdsAsync(Id(2), 2, Cancel)).ShouldBe([Id(3)]);
    }

    [Fact]
    public async Task Open_holds_that_expired_are_found()
    {
        await CommitAsync(writes => writes.Holds.AddRange(
            [Hold(Id(1), Id(9), HoldStatus.Open, 100), Hold(Id(2), Id(9), HoldStatus.Released, 50),
                Hold(Id(3), Id(9), HoldStatus.Open, 50), Hold(Id(4), Id(9), HoldStatus.Open, 101)]));
        (await Reader.GetExpiredHoldsAsync(100, 10, Cancel)).Select(hold => hold.Id).ShouldBe([Id(3), Id(1)]);
    }

    [Fact]
    public async Task Totals_are_exact_beyond_64_bits()
    {
        await CommitAsync(writes => writes.NewAccounts.AddRange(
            [Account(Id(1), Id(9), long.MaxValue),
                Account(Id(2), Id(9), long.MaxValue), Account(Id(3), Guid.Empty, -5, kind: AccountKind.Cash)]));
        (await Reader.GetTotalsAsync(Cancel)).ShouldBe([(Euro, (Int128)long.MaxValue * 2 - 5, 3L)]);
    }

    [Fact]
    public async Task Sound_balances_have_no_findings()
    {
        await CommitAsync(writes =>
        {
            writes.NewAccounts.AddRange([Account(Id(1), Id(9), 50, 5), Account(Id(2), Id(9))]);
            writes.Entries.AddRange(Entries(Id(1), 5));
        });
        (await Reader.FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_way_to_break_a_balance_is_found()
    {
        await CommitAsync(writes =>
        {
            writes.NewAccounts.AddRange([Account(Id(1), Id(9), 51, 5),
                Account(Id(2), Id(9), 20, 2), Account(Id(3), Id(9), 10, 2), Account(Id(4), Id(9), 30, 3)]);
            writes.Entries.AddRange(Entries(Id(1), 5));
            writes.Entries.AddRange(Entries(Id(2), 3).Where(entry => entry.Version != 2)
                .Select(entry => entry with { PostedAfterMinor = entry.Version == 3 ? 20 : 10 }));
            writes.Entries.AddRange(Entries(Id(3), 1));
            writes.Entries.AddRange(
                Entries(Id(4), 3).Select(entry => entry.Version == 2 ? entry with { PostedAfterMinor = 21 } : entry));
            writes.Entries.AddRange(Entries(Id(5), 2));
            writes.NewAccounts.Add(Account(Id(6), Id(9)));
            writes.Holds.AddRange([Hold(Id(1), Id(6), HoldStatus.Open, 1), Hold(Id(2), Id(7), HoldStatus.Open, 1)]);
        });
        var findings = await Reader.FindBrokenBalancesAsync(100, Cancel);
        findings.Count.ShouldBe(8);
        findings[0].ShouldContain($"{Id(1)}: posted is 51, but its entries add up to 50");
        findings[1].ShouldContain($"{Id(2)}: entry 3 stands where entry 2 should");
        findings[2].ShouldContain($"{Id(3)}: 2 entries are counted, but the newest is 1");
        findings[3].ShouldContain($"{Id(4)}: entry 2 says 21 after it, but its entries add up to 20");
        findings[4].ShouldContain($"{Id(5)} does not exist, but has entries");
        findings[5].ShouldContain($"{Id(6)}: held is 0, but its open holds add up to 400");
        findings[6].ShouldContain($"{Id(7)} does not exist, but has open holds");
        findings[7].ShouldContain("The EUR settlement account awaits 0, but the open holds add up to 400");
        (await Reader.FindBrokenBalancesAsync(2, Cancel)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Many_threads_may_read_at_once()
    {
        await CommitAsync(writes =>
            writes.NewAccounts.AddRange(Enumerable.Range(1, 50).Select(number => Account(Id(number), Id(99), number))));
        await Parallel.ForAsync(0, 1_000, Cancel, async (round, cancel) =>
        {
            var id = Id(round % 50 + 1);
            (await Reader.GetAccountAsync(id, cancel))!.Id.ShouldBe(id);
        });
    }

    private static IEnumerable<EntryRow> Entries(Guid account, int count) =>
        Enumerable.Range(1, count)
            .Select(version => new EntryRow(account, version, Id(1_000 + version), 10, version * 10, TimeUs + version));
}
