using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Tools.Load;

namespace Tideline.Tests.Ledger;

public sealed class LedgerDigestTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_digest_of_all_events_is_that_of_all_rows(ulong seed)
    {
        var bank = await Bank.OpenAsync(shards: 2);
        await using var closing = bank;
        var random = new SeededRandom(seed);
        var accounts = new List<Guid>();
        for (var at = 0; at < 6; at++)
            accounts.Add(await bank.AccountAsync(at % 2, balanceMinor: at * 500, overdraftMinor: at * 10));
        var holds = new List<(Guid Hold, Guid Account)>();
        for (var step = 0; step < 300; step++) await StepAsync(bank, random, accounts, holds);

        for (var shard = 0; shard < 2; shard++)
        {
            var rows = await bank.DigestOfRowsAsync(shard);
            var events = Bank.DigestOf(await bank.Ledger.Reader(shard).GetEventsAsync(0, 10_000, default));
            events.Differences(rows).ShouldBeEmpty();
            events.Total.IsZero.ShouldBeFalse();
            DigestBuckets.Read(events.ToBytes()).ShouldNotBeNull().Differences(rows).ShouldBeEmpty();
            // One unit on one row shows, in the bucket of its customer.
            var one = (await bank.Ledger.Reader(shard).GetAccountsAsync(Guid.Empty, 1_000, default))
                .First(row => row.Kind == AccountKind.Customer);
            rows.Add(LedgerDigest.BucketOf(one.CustomerId), -LedgerDigest.Of(one));
            one.PostedMinor++;
            rows.Add(LedgerDigest.BucketOf(one.CustomerId), LedgerDigest.Of(one));
            events.Differences(rows).ShouldBe([LedgerDigest.BucketOf(one.CustomerId)]);
        }
    }

    [Fact]
    public void A_digest_adds_up_and_cancels_out()
    {
        var key = new IdGenerator(TimeProvider.System).Next();
        foreach (var value in (Int128[])[0, 1, -1, long.MaxValue, long.MinValue, Int128.MaxValue, 1L << 32])
        {
            var figure = Digest.Figure(key, 1, value);
            (figure + Digest.Figure(key, 1, 5) - figure).ShouldBe(Digest.Figure(key, 1, 5));
            (figure - figure).IsZero.ShouldBeTrue();
            Digest.Figure(key, 1, value / 2).ShouldBe(Digest.Figure(key, 1, value / 4) + Digest.Figure(
                key, 1, (value / 2) - (value / 4)));
            Digest.Figure(key, 2, value).IsZero.ShouldBe(value == 0);
        }
    }

    // Whatever is refused changes neither.
    private static async Task StepAsync(
        Bank bank, SeededRandom random, List<Guid> accounts, List<(Guid Hold, Guid Account)> holds)
    {
        var account = accounts[random.Below(accounts.Count)];
        var amount = new Money(1 + random.Below(300), Bank.Eur);
        var ledger = bank.Ledger;
        var (hold, held) = holds.Count == 0 ? default : holds[random.Below(holds.Count)];
        LedgerCommand? command = random.Below(9) switch
        {
            0 => new Deposit(ledger.NextIdBeside(account), account, amount, null),
            1 => new Withdraw(ledger.NextIdBeside(account), account, amount, null),
            2 or 3 => new PlaceHold(
                ledger.NextIdBeside(account), account, amount, bank.Time.NowUs() + 3_600_000_000, null),
            4 when held != Guid.Empty => new ReleaseHold(hold, held, Bank.Eur, Expired: false),
            5 or 6 when held != Guid.Empty => new CaptureHold(
                ledger.NextIdBeside(held), hold, held, Bank.Eur, random.Percent(50) ? 1 + random.Below(100) : null,
                random.Percent(50)),
            7 => new SetAccountStatus(account, random.Percent(70) ? AccountStatus.Open : AccountStatus.Frozen),
            _ => null,
        };
        if (command is not null)
        {
            var reply = await ledger.ExecuteAsync(command, default);
            if (command is PlaceHold && reply.Refusal is null) holds.Add((reply.Subject, account));
            return;
        }

        var other = accounts[random.Below(accounts.Count)];
        if (ledger.Map.ShardOf(account) == ledger.Map.ShardOf(other))
            await bank.Payments.TransferAsync(bank.Transfer(account, other, amount.Minor), default);
    }
}
