using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Tests.Ledger;

public sealed class MovementTests
{
    [Fact]
    public async Task A_deposit_and_a_withdrawal_leave_two_entries_with_balances()
    {
        await using var bank = await Bank.OpenAsync();
        var account = await bank.AccountAsync(balanceMinor: 1_000);
        var reply = await bank.Ledger.ExecuteAsync(
            new Withdraw(bank.Ledger.Ids.Next(), account, new Money(300, Bank.Eur), null), default);
        reply.BalanceMinor.ShouldBe(700);
        var entries = await bank.Ledger.ReaderOf(account).GetEntriesAsync(account, long.MaxValue, 10, default);
        entries.Select(entry => (entry.Version, entry.AmountMinor, entry.PostedAfterMinor))
            .ShouldBe([(2, -300, 700), (1, 1_000, 1_000)]);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task An_overdraft_ends_at_its_limit()
    {
        await using var bank = await Bank.OpenAsync();
        var account = await bank.AccountAsync(overdraftMinor: 500);
        (await bank.Ledger.ExecuteAsync(new Withdraw(bank.Ledger.Ids.Next(), account, new Money(500, Bank.Eur), null),
            default)).Refusal.ShouldBeNull();
        (await bank.Ledger.ExecuteAsync(new Withdraw(bank.Ledger.Ids.Next(), account, new Money(1, Bank.Eur), null),
            default)).Refusal!.Reason.ShouldBe(RefusalReason.InsufficientFunds);
    }

    [Fact]
    public async Task An_account_closes_only_empty_and_then_takes_nothing()
    {
        await using var bank = await Bank.OpenAsync();
        var account = await bank.AccountAsync(balanceMinor: 10);
        (await Status(bank, account, AccountStatus.Closed)).ShouldBe(RefusalReason.AccountNotEmpty);
        (await bank.Ledger.ExecuteAsync(new Withdraw(bank.Ledger.Ids.Next(), account, new Money(10, Bank.Eur), null),
            default)).Refusal.ShouldBeNull();
        (await Status(bank, account, AccountStatus.Frozen)).ShouldBeNull();
        (await bank.DepositAsync(account, 5)).Refusal!.Reason.ShouldBe(RefusalReason.AccountFrozen);
        (await Status(bank, account, AccountStatus.Closed)).ShouldBeNull();
        (await Status(bank, account, AccountStatus.Open)).ShouldBe(RefusalReason.AccountClosed);
        (await bank.DepositAsync(account, 5)).Refusal!.Reason.ShouldBe(RefusalReason.AccountClosed);
    }

    [Fact]
    public async Task A_frozen_account_keeps_the_promise_of_its_holds_and_makes_no_new_one()
    {
        await using var bank = await Bank.OpenAsync();
        var account = await bank.AccountAsync(balanceMinor: 1_000);
        var hold = bank.Ledger.Ids.Next();
        var ends = bank.Time.NowUs() + 60_000_000;
        (await bank.Ledger.ExecuteAsync(new PlaceHold(hold, account, new Money(600, Bank.Eur), ends, null), default))
            .Refusal.ShouldBeNull();
        (await Status(bank, account, AccountStatus.Frozen)).ShouldBeNull();
        (await bank.Ledger.ExecuteAsync(new PlaceHold(bank.Ledger.Ids.Next(), account,
            new Money(1, Bank.Eur), ends, null), default)).Refusal!.Reason.ShouldBe(RefusalReason.AccountFrozen);
        (await bank.Ledger.ExecuteAsync(new Withdraw(bank.Ledger.Ids.Next(), account, new Money(1, Bank.Eur), null),
            default)).Refusal!.Reason.ShouldBe(RefusalReason.AccountFrozen);
        (await bank.Ledger.ExecuteAsync(new CaptureHold(
            bank.Ledger.Ids.Next(), hold, account, Bank.Eur, 500, Final: false), default)).BalanceMinor.ShouldBe(500);
        (await bank.Ledger.ExecuteAsync(new ReleaseHold(hold, account, Bank.Eur, Expired: false), default))
            .Refusal.ShouldBeNull();
        (await bank.ReadAsync(account)).PendingOutMinor.ShouldBe(0);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_balance_cannot_pass_its_limit()
    {
        await using var bank = await Bank.OpenAsync(1);
        var account = await bank.AccountAsync();
        RefusalReason? refused = null;
        for (var deposit = 0; deposit < 5_000 && refused is null; deposit++)
            refused = (await bank.DepositAsync(account, Limits.AmountMinor)).Refusal?.Reason;
        refused.ShouldBe(RefusalReason.BalanceOverflow);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task Held_money_cannot_be_spent_and_is_captured_in_parts()
    {
        await using var bank = await Bank.OpenAsync();
        var account = await bank.AccountAsync(balanceMinor: 1_000);
        var hold = await HoldAsync(bank, account, 800, bank.Time.NowUs() + 60_000_000);
        (await bank.Ledger.ExecuteAsync(new Withdraw(bank.Ledger.Ids.Next(), account, new Money(201, Bank.Eur), null),
            default)).Refusal!.Reason.ShouldBe(RefusalReason.InsufficientFunds);
        (await Capture(bank, hold, account, 300, final: false)).ShouldBeNull();
        (await bank.ReadAsync(account))
            .ShouldSatisfyAllConditions(row => row.PostedMinor.ShouldBe(700), row => row.PendingOutMinor.ShouldBe(500));
        (await Capture(bank, hold, account, 501, final: false)).ShouldBe(RefusalReason.HoldExceeded);
        (await Capture(bank, hold, account, 100, final: true)).ShouldBeNull();
        (await bank.ReadAsync(account))
            .ShouldSatisfyAllConditions(row => row.PostedMinor.ShouldBe(600), row => row.PendingOutMinor.ShouldBe(0));
        (await Capture(bank, hold, account, null, final: true)).ShouldBe(RefusalReason.HoldNotOpen);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task An_expired_hold_is_given_back_when_it_is_due()
    {
        var time = new FakeTimeProvider(
            DateTimeOffset.Parse("2026-03-01T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        await using var bank = await Bank.OpenAsync(2, time);
        var account = await bank.AccountAsync(balanceMinor: 1_000);
        var hold = await HoldAsync(bank, account, 400, time.NowUs() + 1_000_000);
        (await bank.Timers.FireDueAsync(bank.Ledger.Map.ShardOf(account), default)).ShouldBe(0);
        time.Advance(TimeSpan.FromSeconds(2));
        (await Capture(bank, hold, account, null, final: true)).ShouldBe(RefusalReason.HoldNotOpen);
        (await bank.Timers.FireDueAsync(bank.Ledger.Map.ShardOf(account), default)).ShouldBe(1);
        (await bank.ReadAsync(account)).PendingOutMinor.ShouldBe(0);
        (await bank.Ledger.ReaderOf(account).GetHoldAsync(hold, default))!.Status.ShouldBe(HoldStatus.Expired);
    }

    [Fact]
    public async Task The_balance_of_any_time_can_be_asked()
    {
        var time = new FakeTimeProvider(
            DateTimeOffset.Parse("2026-03-01T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        await using var bank = await Bank.OpenAsync(2, time);
        var account = await bank.AccountAsync();
        var start = time.NowUs();
        for (var day = 1; day <= 9; day++)
        {
            time.Advance(TimeSpan.FromDays(1));
            await bank.DepositAsync(account, day);
        }

        var reader = bank.Ledger.ReaderOf(account);
        (await reader.GetEntryAtAsync(account, start, default)).ShouldBeNull();
        for (var day = 1; day <= 9; day++)
            (await reader.GetEntryAtAsync(account, start + (long)TimeSpan.FromDays(day).TotalMicroseconds + 5,
                default))!.Value.PostedAfterMinor.ShouldBe(day * (day + 1) / 2);
    }

    [Fact]
    public async Task An_iban_belongs_to_one_account()
    {
        await using var bank = await Bank.OpenAsync(4);
        var customer = await bank.CustomerAsync();
        var first = await Open(bank, customer, "DE02120300000000202051", "k1");
        first.Refusal.ShouldBeNull();
        (await Open(bank, customer, "DE02120300000000202051", "k2")).Refusal!.Reason.ShouldBe(RefusalReason.IbanTaken);
        (await Open(bank, customer, "DE02120300000000202051", "k1")).Subject.ShouldBe(first.Subject);
        (await bank.Ledger.FindIbanAsync("DE02120300000000202051", default)).ShouldBe(first.Subject);
        (await bank.Ledger.FindIbanAsync("DE02500105170137075030", default)).ShouldBeNull();
    }

    [Fact]
    public async Task An_account_needs_a_customer()
    {
        await using var bank = await Bank.OpenAsync();
        (await Open(bank, bank.Ledger.Ids.Next(), null, "k")).Refusal!.Reason.ShouldBe(RefusalReason.CustomerNotFound);
    }

    private static Task<Reply> Open(Bank bank, Guid customer, string? iban, string key) => bank.Ledger.ExecuteAsync(
        new OpenAccount(bank.Ledger.Ids.Next(), customer, Bank.Eur, 0, iban)
        {
            Key = Idempotency.Key("", key), Fingerprint = Idempotency.Fingerprint($"{customer}{iban}")
        }, default);

    private static async Task<RefusalReason?> Status(Bank bank, Guid account, AccountStatus status) =>
        (await bank.Ledger.ExecuteAsync(new SetAccountStatus(account, status), default)).Refusal?.Reason;

    private static async Task<Guid> HoldAsync(Bank bank, Guid account, long minor, long expiresUs)
    {
        var reply = await bank.Ledger.ExecuteAsync(
            new PlaceHold(bank.Ledger.Ids.Next(), account, new Money(minor, Bank.Eur), expiresUs, "hotel"), default);
        reply.Refusal.ShouldBeNull();
        return reply.Subject;
    }

    private static async Task<RefusalReason?> Capture(Bank bank, Guid hold, Guid account, long? minor, bool final) =>
        (await bank.Ledger.ExecuteAsync(
            new CaptureHold(bank.Ledger.Ids.Next(), hold, account, Bank.Eur, minor, final), default)).Refusal?.Reason;
}
