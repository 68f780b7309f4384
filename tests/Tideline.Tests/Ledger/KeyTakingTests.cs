using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;

namespace Tideline.Tests.Ledger;

/// <summary>A key whose home is another shard than its effect is durable before the effect is submitted.</summary>
public sealed class KeyTakingTests
{
    private readonly string _folder = Bank.NewFolder();

    [Fact]
    public async Task Without_the_disk_of_the_keys_home_nothing_happens_and_the_effects_shard_goes_on()
    {
        FaultyStore faults = null!;
        await using var bank = await Bank.OpenAsync(wrap: store => faults = new FaultyStore(store));
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        faults.BrokenShard = 1;
        var request = bank.Transfer(from, to, 100, KeyOn(bank, 1));
        var fault = await Should.ThrowAsync<TidelineException>(() => bank.Payments.TransferAsync(request, default));
        fault.Code.ShouldBe(ErrorCode.StorageUnavailable);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(1_000);

        // Shard 0, whose disk is sound, takes commands as before.
        for (var number = 1; number <= 20; number++)
            (await bank.DepositAsync(from, 1)).BalanceMinor.ShouldBe(1_000 + number);
        var sound = await bank.Payments.TransferAsync(bank.Transfer(from, to, 100, KeyOn(bank, 0)), default);
        sound.Status.ShouldBe(TransferStatus.Settled);
    }

    [Fact]
    public async Task What_was_not_answered_for_want_of_a_disk_happens_once_when_it_is_repeated()
    {
        FaultyStore faults = null!;
        var bank = await Bank.OpenAsync(folder: _folder, wrap: store => faults = new FaultyStore(store));
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        var request = bank.Transfer(from, to, 100, KeyOn(bank, 1));
        faults.BrokenShard = 1;
        await Should.ThrowAsync<TidelineException>(() => bank.Payments.TransferAsync(request, default));
        await bank.CloseAsync();

        await using var again = await Bank.OpenAsync(folder: _folder);
        (await again.Payments.TransferAsync(request, default)).Status.ShouldBe(TransferStatus.Settled);
        (await again.ReadAsync(request.From)).PostedMinor.ShouldBe(900);
    }

    [Fact]
    public async Task A_kill_at_any_moment_leaves_a_key_whose_repeat_does_what_the_first_request_would_have_done()
    {
        await using var killed = await KilledBank.OpenAsync(2);
        var bank = killed.Bank;
        Guid[] accounts =
            [await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0), await bank.AccountAsync(1, 9)];
        var request = bank.Transfer(accounts[0], accounts[1], 100, KeyOn(bank, 1));
        var other = bank.Transfer(accounts[2], accounts[0], 5, KeyOn(bank, 1));
        await killed.RunAsync(before => before.Payments.TransferAsync(request, default));
        // Before the taking, between taking and effect, after both.
        killed.Copies.Count.ShouldBe(3);

        var reserved = new List<Guid?>();
        foreach (var folder in killed.Copies)
        {
            await using var next = await Bank.OpenAsync(folder: folder);
            var taken = await next.Ledger.Reader(1).GetOutcomeAsync(request.Key, default);
            reserved.Add(taken?.Subject);
            // Another request with the key is refused from the moment at which it is taken.
            if (taken is not null)
            {
                var reused = await next.Payments.TransferAsync(other, default);
                reused.Refusal!.Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
            }

            var replies = await Task.WhenAll(
                Enumerable.Range(0, 4).Select(_ => Task.Run(() => next.Payments.TransferAsync(request, default))));
            replies.ShouldAllBe(reply => reply.Status == TransferStatus.Settled);
            var id = replies.Select(reply => reply.TransferId).Distinct().ShouldHaveSingleItem();
            if (taken is not null) id.ShouldBe(taken.Subject);
            (await next.ReadAsync(accounts[0])).PostedMinor.ShouldBe(900);
            (await next.ReadAsync(accounts[2])).PostedMinor.ShouldBe(9);
            (await next.Payments.FindAsync(request.Key, default))!.Details!.TransferId.ShouldBe(id);
            await next.ShouldAddUpAsync();
        }

        reserved[0].ShouldBeNull();
        reserved[1].ShouldNotBeNull().ShouldBe(reserved[2]!.Value);
    }

    [Fact]
    public async Task Every_command_finishes_with_the_id_that_its_key_was_taken_for()
    {
        await using var bank = await Bank.OpenAsync();
        var (account, customer) = (await bank.AccountAsync(0, 1_000), await bank.CustomerAsync());
        var (five, ends) = (new Money(5, Bank.Eur), bank.Time.NowUs() + 3_600_000_000);
        Guid Next() => bank.Ledger.NextIdBeside(account);
        PlaceHold Place() => new(Next(), account, five, ends, null);
        var hold = (await bank.Ledger.ExecuteAsync(Place(), default)).Subject;
        Func<LedgerCommand>[] commands =
        [
            () => new Deposit(Next(), account, five, null), () => new Withdraw(Next(), account, five, null), Place,
            () => new CaptureHold(Next(), hold, account, Bank.Eur, 2, Final: false),
            () => new CreateCustomer(Next(), "Ada", "ada@example.com", "DE"),
            () => new OpenAccount(Next(), customer, Bank.Eur, 0, null),
        ];
        for (var number = 0; number < commands.Length; number++)
        {
            var key = Idempotency.Key("", KeyOn(bank, 1, number));
            var fingerprint = Idempotency.Fingerprint($"{number}");
            var first = commands[number]() with { Key = key, Fingerprint = fingerprint };
            var repeat = commands[number]() with { Key = key, Fingerprint = fingerprint };
            first.Subject.ShouldNotBe(repeat.Subject);
            // The process that was asked first died when it had taken the key.
            (await bank.Ledger.SubmitAsync(1, ReserveKey.For(first))).Kind.ShouldBe(OutcomeKind.Reserved);
            var reply = await bank.Ledger.ExecuteAsync(repeat, default);
            (reply.Refusal, reply.Subject).ShouldBe((null, first.Subject), first.GetType().Name);
        }
    }

    private static string KeyOn(Bank bank, int shard, int which = 0) => Enumerable.Range(0, 10_000)
        .Select(number => $"key-{which}-{number}")
        .First(key => bank.Ledger.Map.ShardOf(Idempotency.Key("", key)) == shard);
}
