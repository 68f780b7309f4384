using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Tests.Ledger;

public sealed class PostingTests
{
    private static readonly Currency s_usd = Currency.Parse("USD");

    [Fact]
    public async Task A_transaction_has_any_number_of_legs_and_an_account_several_of_them()
    {
        await using var bank = await Bank.OpenAsync(1);
        var (payer, shop) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        var tax = await bank.AccountAsync(0);
        var reply = await BookAsync(
            bank, Eur(payer, -500), Eur(shop, 420), Eur(tax, 80), Eur(payer, -100), Eur(shop, 100));
        reply.Refusal.ShouldBeNull();
        (await BalancesAsync(bank, payer, shop, tax)).ShouldBe([400, 520, 80]);
        var made = (await bank.Ledger.Reader(0).GetTransactionAsync(reply.Subject, default)).ShouldNotBeNull();
        (made.Kind, made.Amount).ShouldBe((TransactionKind.Journal, new Money(600, Bank.Eur)));
        made.Legs.ShouldBe([new(payer, 2), new(shop, 1), new(tax, 1), new(payer, 3), new(shop, 2)]);
        var events = (await bank.Ledger.Reader(0).GetEventsAsync(0, 100, default)).TakeLast(5).ToList();
        events.Select(each => (each.Subject, each.Type)).ShouldBe(
        [
            (payer, EventType.AccountDebited), (shop, EventType.AccountCredited), (tax, EventType.AccountCredited),
            (payer, EventType.AccountDebited), (shop, EventType.AccountCredited),
        ]);
        EventData.Parse(events[0].Data.Span).PostedMinor.ShouldBe(500);
        await ShouldHoldAsync(bank);
    }

    [Fact]
    public async Task A_transaction_may_move_several_currencies_each_of_which_adds_up()
    {
        await using var bank = await Bank.OpenAsync(1);
        var (euro, dollar) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0, 0, 0, "USD"));
        var (bankEuro, bankDollar) = (await bank.AccountAsync(0), await bank.AccountAsync(0, 5_000, 0, "USD"));
        var id = (await BookAsync(
            bank, Eur(euro, -100), Eur(bankEuro, 100), new Leg(bankDollar, s_usd, -110), new Leg(dollar, s_usd, 110)))
            .Subject;
        (await BalancesAsync(bank, euro, bankEuro, bankDollar, dollar)).ShouldBe([900, 100, 4_890, 110]);
        (await bank.Ledger.Reader(0).GetTransactionAsync(id, default))!.Amount.ShouldBeNull();
        await ShouldHoldAsync(bank);
    }

    [Fact]
    public async Task A_refused_transaction_leaves_nothing()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (rich, poor) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        var (frozen, elsewhere) = (await bank.AccountAsync(0), await bank.AccountAsync(1));
        await bank.Ledger.ExecuteAsync(new SetAccountStatus(frozen, AccountStatus.Frozen), default);
        var head = bank.Ledger.CommittedHead(0).EventSeq;
        (Leg[] Legs, RefusalReason Why)[] refused =
        [
            ([], RefusalReason.InvalidTransaction),
            ([Eur(rich, -5)], RefusalReason.InvalidTransaction),
            ([.. Enumerable.Repeat(Eur(rich, 1), LedgerLimits.TransactionLegs),
                Eur(rich, -LedgerLimits.TransactionLegs)],
                RefusalReason.InvalidTransaction),
            ([Eur(rich, -5), Eur(poor, 4)], RefusalReason.UnbalancedTransaction),
            ([Eur(rich, -5), new Leg(poor, s_usd, 5)], RefusalReason.UnbalancedTransaction),
            ([Eur(rich, -5), Eur(poor, 5), Eur(poor, 0)], RefusalReason.InvalidAmount),
            ([Eur(rich, long.MinValue), Eur(poor, 5)], RefusalReason.InvalidAmount),
            ([Eur(rich, -5), Eur(elsewhere, 5)], RefusalReason.AccountNotFound),
            ([Eur(rich, -5), Eur(frozen, 5)], RefusalReason.AccountFrozen),
            ([Eur(rich, -600), Eur(rich, -600), Eur(poor, 1_200)], RefusalReason.InsufficientFunds),
            ([new Leg(rich, s_usd, -5), new Leg(poor, s_usd, 5)], RefusalReason.CurrencyMismatch),
        ];
        foreach (var (legs, why) in refused)
            (await bank.Ledger.SubmitAsync(0, new Book(bank.Ledger.Ids.Next(), legs))).Refusal?.Reason.ShouldBe(why);
        bank.Ledger.CommittedHead(0).EventSeq.ShouldBe(head);
        (await BalancesAsync(bank, rich, poor)).ShouldBe([1_000, 0]);
    }

    [Fact]
    public async Task The_net_of_an_accounts_legs_is_judged_and_not_each_of_them()
    {
        await using var bank = await Bank.OpenAsync(1);
        var (one, other) = (await bank.AccountAsync(0), await bank.AccountAsync(0, 100));
        (await BookAsync(bank, Eur(one, -5_000), Eur(other, 4_900), Eur(one, 5_000), Eur(other, -4_900)))
            .Refusal.ShouldBeNull();
        (await BalancesAsync(bank, one, other)).ShouldBe([0, 100]);
        await ShouldHoldAsync(bank);
    }

    [Fact]
    public async Task The_same_id_is_booked_once()
    {
        await using var bank = await Bank.OpenAsync(1);
        var (one, other) = (await bank.AccountAsync(0, 100), await bank.AccountAsync(0));
        var book = new Book(bank.Ledger.Ids.Next(), Eur(one, -5), Eur(other, 5));
        (await bank.Ledger.ExecuteAsync(book, default)).Refusal.ShouldBeNull();
        (await bank.Ledger.ExecuteAsync(book, default)).Refusal?.Reason.ShouldBe(RefusalReason.DuplicateId);
        (await BalancesAsync(bank, one, other)).ShouldBe([95, 5]);
    }

    [Fact]
    public async Task Details_stand_in_the_row_and_in_every_event_as_the_same_bytes()
    {
        await using var bank = await Bank.OpenAsync(1);
        var (one, other) = (await bank.AccountAsync(0, 100), await bank.AccountAsync(0));
        var today = DateOnly.FromDateTime(bank.Time.GetUtcNow().UtcDateTime);
        var details = new TransactionDetails
        {
            ValueDate = today.AddDays(2), Code = "SALA", ExternalReference = "inv-7",
            Metadata = new() { ["order"] = "5" },
            Personal = [new PersonalPart(one, """{"debtor":{"name":"Zoë + Søn"}}"""u8.ToArray())],
        };
        var book = new Book(bank.Ledger.Ids.Next(), Eur(one, -5), Eur(other, 5)) { Details = details };
        (await bank.Ledger.ExecuteAsync(book, default)).Refusal.ShouldBeNull();
        var row = (await bank.Ledger.Reader(0).GetTransactionAsync(book.TransactionId, default)).ShouldNotBeNull();
        row.Details.ShouldBe(details);
        foreach (var happened in (await bank.Ledger.Reader(0).GetEventsAsync(0, 100, default)).TakeLast(2))
            EventData.Parse(happened.Data.Span).Personal!.Single().Data.ShouldBe(details.Personal[0].Data);
        await ShouldHoldAsync(bank);
        bank.Tamper(0, "UPDATE transactions SET personal_data = replace(personal_data, 'ey', 'ez') "
            + "WHERE personal_data IS NOT NULL");
        (await FaultsAsync(bank)).Single().ShouldContain("details");
    }

    [Fact]
    public async Task Details_beyond_their_limits_are_refused()
    {
        await using var bank = await Bank.OpenAsync(1);
        var (one, other) = (await bank.AccountAsync(0, 100), await bank.AccountAsync(0));
        var part = new PersonalPart(one, [1]);
        TransactionDetails[] wrong =
        [
            new() { ValueDate = new DateOnly(1970, 1, 1) },
            new() { Code = "" },
            new() { Code = new string('c', LedgerLimits.TransactionCodeCharacters + 1) },
            new() { ExternalReference = new string('c', LedgerLimits.ExternalReferenceCharacters + 1) },
            new() { Metadata = new() { ["a.b"] = "" } },
            new() { Metadata = new() { ["a"] = new string('v', LedgerLimits.MetadataValueCharacters + 1) } },
            new() { Personal = [part, part] },
            new() { Personal = [new PersonalPart(one, new byte[LedgerLimits.PersonalPartBytes + 1])] },
        ];
        foreach (var details in wrong)
        {
            var book = new Book(bank.Ledger.Ids.Next(), Eur(one, -5), Eur(other, 5)) { Details = details };
            (await bank.Ledger.ExecuteAsync(book, default)).Refusal?.Reason.ShouldBe(RefusalReason.InvalidTransaction);
        }
    }

    private static Leg Eur(Guid account, long minor) => new(account, Bank.Eur, minor);

    private static Task<Reply> BookAsync(Bank bank, params Leg[] legs) =>
        bank.Ledger.ExecuteAsync(new Book(bank.Ledger.Ids.Next(), legs), default);

    private static async Task<long[]> BalancesAsync(Bank bank, params Guid[] accounts)
    {
        var balances = new List<long>();
        foreach (var account in accounts) balances.Add((await bank.ReadAsync(account)).PostedMinor);
        return [.. balances];
    }

    private static async Task<List<string>> FaultsAsync(Bank bank)
    {
        var (reader, faults) = (bank.Ledger.Reader(0), new List<string>());
        var audit = new RowAudit(reader);
        foreach (var happened in await reader.GetEventsAsync(0, 10_000, default))
        {
            if (await audit.FindFaultAsync(happened, default) is { } fault) faults.Add(fault);
        }

        return [.. faults.Distinct()];
    }

    private static async Task ShouldHoldAsync(Bank bank)
    {
        await bank.ShouldAddUpAsync();
        (await FaultsAsync(bank)).ShouldBeEmpty();
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
    }
}
