using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Services.Accounts;

namespace Tideline.Tests.Ledger;

/// <summary>An IBAN is claimed with its account or not at all, and belongs to one account.</summary>
public sealed class NameClaimTests
{
    private const string Iban = "DE02120300000000202051";

    [Fact]
    public async Task A_refused_opening_leaves_its_iban_free()
    {
        await using var bank = await Bank.OpenAsync(4);
        var (customer, taken) = (await bank.CustomerAsync(), await bank.AccountAsync());
        (OpenAccount Open, RefusalReason Reason)[] refused =
        [
            (Opening(bank, customer) with { AccountId = taken }, RefusalReason.DuplicateId),
            (Opening(bank, customer) with { AccountId = customer }, RefusalReason.DuplicateId),
            (Opening(bank, bank.Ledger.Ids.Next()), RefusalReason.CustomerNotFound),
            (Opening(bank, customer) with { OverdraftLimitMinor = -1 }, RefusalReason.InvalidAmount),
        ];
        var number = 0;
        foreach (var (open, reason) in refused)
        {
            var keyed = Keyed(open, $"refused-{++number}");
            var reply = await OpenAsync(bank, keyed);
            reply.Refusal!.Reason.ShouldBe(reason);
            (await bank.Ledger.FindIbanAsync(Iban, default)).ShouldBeNull();
            // The answer stays, and the repeat claims nothing either.
            (await OpenAsync(bank, keyed)).Refusal.ShouldBe(reply.Refusal);
            var key = IbanClaims.Key(Iban);
            (await bank.Ledger.ReaderOf(key.RouteId).GetClaimAsync(key, default)).ShouldBeNull();
        }

        var account = await OpenAsync(bank, Keyed(Opening(bank, customer), "good"));
        account.Refusal.ShouldBeNull();
        (await bank.Ledger.FindIbanAsync(Iban, default)).ShouldBe(account.Subject);
        await ShouldBeSoundAsync(bank);
    }

    [Fact]
    public async Task A_refusal_on_the_accounts_own_shard_releases_what_was_claimed()
    {
        await using var bank = await Bank.OpenAsync(2);
        var customer = await bank.CustomerAsync();
        for (var round = 0; round < 40; round++)
        {
            // All get past the first look, at one id; the shard of the id decides.
            var id = bank.Ledger.Ids.Next();
            OpenAccount Open(int number) =>
                Opening(bank, customer, number == 0 ? null : IbanOf(round, number)) with { AccountId = id };
            var openings = Enumerable.Range(0, 4).Select(number => Keyed(Open(number), $"{round}-{number}")).ToList();
            OneShouldBeDone(await AtOnceAsync(bank, openings), RefusalReason.DuplicateId);
            var carried = (await bank.ReadAsync(id)).Iban;
            foreach (var iban in openings.Select(open => open.Iban).OfType<string>())
            {
                (await bank.Ledger.FindIbanAsync(iban, default)).ShouldBe(iban == carried ? id : null);
                if (iban == carried) continue;
                (await OpenAsync(bank, Keyed(Opening(bank, customer, iban), $"again-{iban}"))).Refusal.ShouldBeNull();
            }
        }

        await ShouldBeSoundAsync(bank);
    }

    [Fact]
    public async Task Of_many_openings_with_one_iban_at_once_one_has_it()
    {
        await using var bank = await Bank.OpenAsync(4);
        var customer = await bank.CustomerAsync();
        for (var round = 0; round < 30; round++)
        {
            var iban = IbanOf(round, 0);
            List<OpenAccount> openings = [];
            for (var number = 0; number < 2 + round % 6; number++)
                openings.Add(Keyed(Opening(bank, customer, iban), $"{round}-{number}"));
            var replies = await AtOnceAsync(bank, openings);
            var winner = OneShouldBeDone(replies, RefusalReason.IbanTaken);
            (await bank.Ledger.FindIbanAsync(iban, default)).ShouldBe(winner.Subject);
            // Each answer stays what it was.
            for (var number = 0; number < openings.Count; number++)
                (await OpenAsync(bank, openings[number])).ShouldBe(replies[number] with { IsRepeat = true });
        }

        (await AccountsWithIbanAsync(bank)).ShouldBe(30);
        await ShouldBeSoundAsync(bank);
    }

    [Fact]
    public async Task One_opening_sent_many_times_at_once_opens_one_account()
    {
        await using var bank = await Bank.OpenAsync(4);
        var customer = await bank.CustomerAsync();
        for (var round = 0; round < 30; round++)
        {
            // Each attempt brings an id of its own, as the door draws them.
            List<OpenAccount> openings = [];
            for (var number = 0; number < 8; number++)
                openings.Add(Keyed(Opening(bank, customer, IbanOf(round, 0)), $"key-{round}"));
            var replies = await AtOnceAsync(bank, openings);
            replies.ShouldAllBe(reply => reply.Refusal == null);
            replies.Select(reply => (reply.Subject, reply.Position)).Distinct().Count().ShouldBe(1);
        }

        (await AccountsWithIbanAsync(bank)).ShouldBe(30);
        await ShouldBeSoundAsync(bank);
    }

    [Fact]
    public async Task A_key_that_is_used_for_another_opening_claims_nothing()
    {
        await using var bank = await Bank.OpenAsync(4);
        var customer = await bank.CustomerAsync();
        for (var round = 0; round < 8; round++)
        {
            var key = $"key-{round}";
            var (mine, other) = (IbanOf(round, 1), IbanOf(round, 2));
            (await OpenAsync(bank, Keyed(Opening(bank, customer, mine), key))).Refusal.ShouldBeNull();
            foreach (var iban in (string?[])[mine, other, null])
            {
                var another = Opening(bank, customer, iban) with { OverdraftLimitMinor = 7 };
                var reused = await OpenAsync(bank, Keyed(another, key));
                reused.Refusal!.Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
            }

            (await OpenAsync(bank, Keyed(Opening(bank, customer, other), $"other-{round}"))).Refusal.ShouldBeNull();
        }

        // At once: one body is carried out, and the IBAN of the others is free.
        for (var round = 100; round < 120; round++)
        {
            OpenAccount Body(int number) =>
                Opening(bank, customer, IbanOf(round, number % 2)) with { OverdraftLimitMinor = number % 3 };
            var bodies = Enumerable.Range(0, 6).Select(number => Keyed(Body(number), $"both-{round}")).ToList();
            OneShouldBeDone(await AtOnceAsync(bank, bodies), RefusalReason.IdempotencyKeyReused);
            for (var number = 0; number < 2; number++)
                await OpenAsync(bank, Keyed(Opening(bank, customer, IbanOf(round, number)), $"late-{round}-{number}"));
        }

        (await AccountsWithIbanAsync(bank)).ShouldBe(16 + 40);
        await ShouldBeSoundAsync(bank);
    }

    [Fact]
    public async Task An_opening_that_was_killed_at_any_moment_is_finished_by_its_repeat()
    {
        await using var killed = await KilledBank.OpenAsync(3);
        var (open, _) = await KillAsync(killed);
        foreach (var folder in killed.Copies)
        {
            await using var bank = await Bank.OpenAsync(3, folder: folder);
            await ShouldBeSoundAsync(bank);
            var reply = await OpenAsync(bank, open with { AccountId = bank.Ledger.Ids.Next() });
            reply.Refusal.ShouldBeNull();
            (await bank.Ledger.FindIbanAsync(Iban, default)).ShouldBe(reply.Subject);
            var stranger = await OpenAsync(bank, Keyed(Opening(bank, open.CustomerId), "stranger"));
            stranger.Refusal!.Reason.ShouldBe(RefusalReason.IbanTaken);
            (await AccountsWithIbanAsync(bank)).ShouldBe(1);
            await ShouldBeSoundAsync(bank);
        }
    }

    [Fact]
    public async Task An_opening_that_was_killed_at_any_moment_gives_way_to_the_next_request_for_the_iban()
    {
        await using var killed = await KilledBank.OpenAsync(3);
        var (open, opened) = await KillAsync(killed);
        var winners = new HashSet<bool>();
        foreach (var folder in killed.Copies)
        {
            await using var bank = await Bank.OpenAsync(3, folder: folder);
            var stranger = await OpenAsync(bank, Keyed(Opening(bank, open.CustomerId), "stranger"));
            var late = await OpenAsync(bank, open);
            // One of the two has it, whichever the kill left ahead.
            var winner = OneShouldBeDone([stranger, late], RefusalReason.IbanTaken);
            if (late.Refusal is null) late.Subject.ShouldBe(opened);
            winners.Add(late.Refusal is null);
            (await bank.Ledger.FindIbanAsync(Iban, default)).ShouldBe(winner.Subject);
            (await AccountsWithIbanAsync(bank)).ShouldBe(1);
            await ShouldBeSoundAsync(bank);
        }

        winners.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_claim_without_its_account_finds_nobody()
    {
        await using var bank = await Bank.OpenAsync(2);
        var names = new NameClaims(bank.Ledger);
        // The second time for an account that is there, but does not carry it.
        foreach (var account in (Guid[])[bank.Ledger.Ids.Next(), await bank.AccountAsync()])
        {
            var claim = IbanClaims.Claim(Iban, bank.Ledger.Ids.Next(), account);
            (await names.ClaimAsync(claim, IbanClaims.Taken(Iban), IbanClaims.Abandoned, default)).ShouldBeNull();
            (await bank.Ledger.FindIbanAsync(Iban, default)).ShouldBeNull();
        }

        await ShouldBeSoundAsync(bank);
    }

    [Fact]
    public async Task Anything_may_claim_a_name_in_a_space_of_its_own_and_gives_its_own_refusal()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (names, ids) = (new NameClaims(bank.Ledger), bank.Ledger.Ids);
        var taken = new Refusal(RefusalReason.DuplicateId, "The token is of another card.");
        var late = new Refusal(RefusalReason.DuplicateId, "Another card got the token first.");
        var first = new ClaimRow("card-token", Iban, ids.Next(), "card", ids.Next());
        (await names.ClaimAsync(first, taken, late, default)).ShouldBeNull();
        // The same word in another space is another name.
        (await OpenAsync(bank, Opening(bank, await bank.CustomerAsync()))).Refusal.ShouldBeNull();

        // The first card was not made yet: it never can be, and the refusal is what the claimer said.
        var second = first with { ClaimId = ids.Next(), Subject = ids.Next() };
        (await names.ClaimAsync(second, taken, late, default)).ShouldBeNull();
        var outcome = await bank.Ledger.ReaderOf(first.Subject).GetOutcomeAsync(first.ClaimId, default);
        (outcome!.Kind, outcome.Reason, outcome.Detail).ShouldBe((OutcomeKind.Refused, late.Reason, late.Detail));

        // What was done under the second claim keeps the name.
        await bank.Ledger.SubmitAsync(
            bank.Ledger.Map.ShardOf(second.Subject),
            new FenceTime(second.Subject, 0) { Key = second.ClaimId });
        (await names.ClaimAsync(first with { ClaimId = ids.Next() }, taken, late, default)).ShouldBe(taken);
        (await bank.Ledger.ReaderOf(first.Key.RouteId).GetClaimAsync(first.Key, default)).ShouldBe(second);
    }

    [Fact]
    public async Task A_customer_and_an_account_never_share_an_id()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (account, customer) = (await bank.AccountAsync(), await bank.CustomerAsync());
        CreateCustomer Create(Guid id) => new(id, "Eve", "eve@example.com", "DE");
        OpenAccount Open(Guid id) => new(id, customer, Bank.Eur, 0, null);
        (await bank.Ledger.ExecuteAsync(Create(account), default)).Refusal!.Reason.ShouldBe(RefusalReason.DuplicateId);
        (await bank.Ledger.ExecuteAsync(Open(customer), default)).Refusal!.Reason.ShouldBe(RefusalReason.DuplicateId);
        for (var round = 0; round < 20; round++)
        {
            var id = bank.Ledger.Ids.Next();
            OneShouldBeDone(await AtOnceAsync(bank, [Create(id), Open(id)]), RefusalReason.DuplicateId);
        }
    }

    private static async Task<(OpenAccount Open, Guid Account)> KillAsync(KilledBank killed)
    {
        var open = Keyed(Opening(killed.Bank, await killed.Bank.CustomerAsync()), "first");
        var reply = await killed.RunAsync(bank => OpenAsync(bank, open));
        reply.Refusal.ShouldBeNull();
        // Before the key, the claim and the account, and at the end.
        killed.Copies.Count.ShouldBe(4);
        return (open, reply.Subject);
    }

    private static Task<Reply> OpenAsync(Bank bank, OpenAccount open) => bank.Ledger.ExecuteAsync(open, default);

    private static Task<Reply[]> AtOnceAsync(Bank bank, IEnumerable<LedgerCommand> commands) =>
        Task.WhenAll(commands.Select(command => Task.Run(() => bank.Ledger.ExecuteAsync(command, default))));

    private static Reply OneShouldBeDone(IReadOnlyList<Reply> replies, RefusalReason others)
    {
        foreach (var reply in replies.Where(reply => reply.Refusal is not null)) reply.Refusal!.Reason.ShouldBe(others);
        return replies.Where(reply => reply.Refusal is null).ShouldHaveSingleItem();
    }

    private static OpenAccount Opening(Bank bank, Guid customer, string? iban = Iban) =>
        new(bank.Ledger.Ids.Next(), customer, Bank.Eur, 0, iban);

    private static OpenAccount Keyed(OpenAccount open, string key) => open with
    {
        Key = Idempotency.Key("", key),
        Fingerprint = Idempotency.Fingerprint($"{open.CustomerId}|{open.Iban}|{open.OverdraftLimitMinor}"),
    };

    private static string IbanOf(int round, int number) =>
        Tideline.Kernel.Iban.Create("DE", $"{round:000000000}{number:000000000}").ToString();

    private static async Task<int> AccountsWithIbanAsync(Bank bank)
    {
        var count = 0;
        for (var shard = 0; shard < bank.Ledger.Map.Shards; shard++)
        {
            var accounts = await bank.Ledger.Reader(shard).GetAccountsAsync(Guid.Empty, 10_000, default);
            count += accounts.Count(account => account.Iban is not null);
        }

        return count;
    }

    private static async Task ShouldBeSoundAsync(Bank bank)
    {
        for (var shard = 0; shard < bank.Ledger.Map.Shards; shard++)
            (await new IbanCheck(bank.Ledger, shard).RunAsync(default)).Findings.ShouldBeEmpty();
        await bank.ShouldAddUpAsync();
    }
}
