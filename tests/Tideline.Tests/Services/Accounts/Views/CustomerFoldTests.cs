using CsCheck;
using Tideline.Kernel;
using Tideline.Services.Accounts.Views;
using Tideline.Services.Accounts;

namespace Tideline.Tests.Services.Accounts.Views;

public sealed class CustomerFoldTests
{
    private static readonly Guid Customer = new("01890000-0000-7000-8000-000000000001");
    private static readonly long Start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUs();

    // Movements of three accounts over some weeks, as (account, amount, hours since the one before).
    private static readonly Gen<(int Account, long Amount, int Hours)[]> Movements =
        Gen.Select(Gen.Int[0, 2], Gen.Long[-10_000, 10_000], Gen.Int[0, 48]).Array[0, 60];

    [Fact]
    public void Any_batch_split_gives_the_same_document() =>
        Gen.Select(Movements, Gen.Int[0, 60]).Sample((movements, cut) =>
    {
        var events = Events(movements);
        var whole = FoldAll(null, events);
        // A split is a document that went through its JSON in between.
        var half = FoldAll(null, events.Take(cut));
        var split = FoldAll(half is null ? null : ViewJson.Customer(Json(half)), events.Skip(cut));
        Json(split!).ShouldBe(Json(whole!));
    });

    [Fact]
    public void Applying_any_prefix_again_changes_nothing() =>
        Gen.Select(Movements, Gen.Int[0, 60]).Sample((movements, again) =>
    {
        var events = Events(movements);
        var once = FoldAll(null, events)!;
        FoldAll(once, events.Take(again)).ShouldBeSameAs(once);
    });

    [Fact]
    public void The_order_in_which_shards_are_read_does_not_matter() => Movements.Sample(movements =>
    {
        var events = Events(movements);
        // Each aggregate keeps its own order; between aggregates anything goes.
        var bySubject = events.GroupBy(each => each.Event.Subject).SelectMany(group => group);
        Json(FoldAll(null, bySubject)!).ShouldBe(Json(FoldAll(null, events)!));
    });

    [Fact]
    public void The_window_counts_what_the_last_thirty_days_hold() => Movements.Sample(movements =>
    {
        var events = Events(movements);
        var last = DateOnly.FromDateTime(Clock.FromUs(events[^1].Event.TimeUs).UtcDateTime);
        var expected = events.Where(each => each.Data.Kind == "deposit"
            && DateOnly.FromDateTime(Clock.FromUs(each.Event.TimeUs).UtcDateTime) > last.AddDays(-30)).ToArray();
        var window = FoldAll(null, events)!.Transactions.Last30Days;
        window.Count.ShouldBe(expected.Length);
        window.Currencies.Sum(currency => currency.InMinor - currency.OutMinor)
            .ShouldBe(expected.Sum(each => each.Data.AmountMinor));
    });

    [Fact]
    public void A_skipped_version_is_a_fault()
    {
        var events = Events([(0, 5, 1), (0, 6, 1)]);
        var document = FoldAll(null, events.SkipLast(2));
        Should.Throw<TidelineException>(() => CustomerFold.Apply(document, events[^1].Event, events[^1].Data))
            .Code.ShouldBe(ErrorCode.Corrupt);
    }

    [Fact]
    public void Days_leave_the_window_one_by_one_and_at_last_all()
    {
        var document = FoldAll(null, Events([(0, 100, 1), (0, -40, 24)]))!;
        var day = new DateOnly(2026, 1, 1);
        CustomerFold.Age(document, day.AddDays(29)).ShouldBeSameAs(document);
        var aged = CustomerFold.Age(document, day.AddDays(30));
        aged.Transactions.Last30Days.Currencies.ShouldHaveSingleItem().ShouldBe(new CurrencyActivity("EUR", 1, 0, 40));
        aged.OldestDay.ShouldBe("2026-01-02");
        var empty = CustomerFold.Age(document, day.AddDays(31));
        empty.Transactions.Last30Days.Count.ShouldBe(0);
        empty.OldestDay.ShouldBeNull();
        empty.Transactions.Recent.Length.ShouldBe(2);
    }

    [Fact]
    public void Only_the_last_twenty_movements_are_kept_newest_first()
    {
        var document = FoldAll(null, Events([.. Enumerable.Range(1, 30).Select(at => (0, (long)at, 1))]))!;
        document.Transactions.Recent.Select(recent => recent.AmountMinor)
            .ShouldBe(Enumerable.Range(11, 20).Reverse().Select(at => (long)at));
    }

    private static byte[] Json(CustomerDocument document) => CustomersProjection.Write(document, 0)
        .Json!.Value.ToArray();

    private static CustomerDocument? FoldAll(
        CustomerDocument? document, IEnumerable<(LedgerEvent Event, EventData Data)> events) =>
        events.Aggregate(document, (folded, each) => CustomerFold.Apply(folded, each.Event, each.Data));

    private static List<(LedgerEvent Event, EventData Data)> Events((int Account, long Amount, int Hours)[] movements)
    {
        var (seq, time) = (0L, Start);
        var events = new List<(LedgerEvent, EventData)>();
        var accounts = Enumerable.Range(1, 3)
            .Select(number => new Guid(number, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 0)).ToArray();
        var (versions, posted) = (new long[3], new long[3]);
        var profile = new CustomerProfile("Ada", "ada@example.com", "DE").ToPart(Customer);
        Add(EventType.CustomerCreated, Customer, 1, new EventData { CustomerId = Customer, Personal = [profile] });
        foreach (var account in accounts)
            Add(EventType.AccountCreated, account, ++versions[Array.IndexOf(accounts, account)],
                new EventData { CustomerId = Customer, AccountId = account, Currency = "EUR", Status = "open" });
        foreach (var (account, amount, hours) in movements)
        {
            time += hours * 3_600_000_000L;
            posted[account] += amount;
            Add(EventType.TransactionRecorded, accounts[account], ++versions[account], new EventData
            {
                CustomerId = Customer, AccountId = accounts[account], Currency = "EUR",
                Status = "open", Kind = "deposit", AmountMinor = amount, PostedMinor = posted[account],
                EntryVersion = versions[account] - 1,
                TransactionId = new Guid((int)seq, 1, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 0),
            });
        }

        return events;

        void Add(EventType type, Guid subject, long version, EventData data) =>
            events.Add((new LedgerEvent(new Position(0, ++seq), type, subject, version, time, data.ToJson()), data));
    }
}
