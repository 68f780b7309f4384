using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>
/// A key whose home is another shard than its effect: taken there in the effect's own transaction where both shards
/// live on one primary, reserved there first where they do not. What a client sees is the same.
/// </summary>
public sealed class KeyHomeTests : IAsyncDisposable
{
    private const int Home = 1;
    private readonly MySqlDatabases _databases = new();
    private readonly IdGenerator _ids = new(TimeProvider.System);
    private MySqlLedgerStore? _store;
    private GeneralLedger? _ledger;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private GeneralLedger Ledger => _ledger!;

    public async ValueTask DisposeAsync()
    {
        if (_ledger is not null) await _ledger.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        await _databases.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_key_is_known_at_home_and_a_repeat_answers_the_same(int primaries)
    {
        await StartAsync(primaries);
        var deposit = Deposit(await AccountAsync(0), 100, KeyAtHome());
        var first = await Ledger.ExecuteAsync(deposit, Cancel);
        (first.Refusal, first.Position.Shard, first.IsRepeat).ShouldBe((null, 0, false));
        var atHome = (await Ledger.Reader(Home).GetOutcomeAsync(deposit.Key, Cancel)).ShouldNotBeNull();
        (atHome.Kind, atHome.Fingerprint, atHome.Subject)
            .ShouldBe((OutcomeKind.Reserved, deposit.Fingerprint, deposit.TransactionId));

        // The id of a repeat is a new one, as the program chooses it.
        (await Ledger.ExecuteAsync(deposit with { TransactionId = _ids.Next() }, Cancel))
            .ShouldBe(first with { IsRepeat = true });
        (await BalanceAsync(deposit.AccountId)).ShouldBe(100);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_same_key_with_another_body_is_refused_on_whichever_shard_that_leads_to(int primaries)
    {
        await StartAsync(primaries);
        Guid[] accounts = [await AccountAsync(0), await AccountAsync(Home)];
        foreach (var (first, second) in ((int, int)[])[(0, Home), (Home, 0), (0, 0), (Home, Home)])
        {
            var key = KeyAtHome();
            (await Ledger.ExecuteAsync(Deposit(accounts[first], 100, key), Cancel)).Refusal.ShouldBeNull();
            (await Ledger.ExecuteAsync(Deposit(accounts[second], 7, key), Cancel))
                .Refusal!.Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
        }

        (await BalanceAsync(accounts[0]) + await BalanceAsync(accounts[1])).ShouldBe(400);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Of_many_at_once_with_one_key_one_body_happens_once(int primaries)
    {
        await StartAsync(primaries);
        Guid[] accounts = [await AccountAsync(0), await AccountAsync(Home)];
        for (var round = 1; round <= 20; round++)
        {
            var key = KeyAtHome();
            var replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(
                () => Ledger.ExecuteAsync(Deposit(accounts[number % 2], 1 + number / 2, key), Cancel), Cancel)));
            replies.Count(reply => reply.Refusal is null).ShouldBe(1);
            replies.Where(reply => reply.Refusal is not null)
                .ShouldAllBe(reply => reply.Refusal!.Reason == RefusalReason.IdempotencyKeyReused);
            (await BalanceAsync(accounts[0]) + await BalanceAsync(accounts[1]))
                .ShouldBe(await PostedInEntriesAsync(accounts), $"round {round}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_repeat_that_was_given_an_id_of_another_shard_finds_what_the_first_one_made(int primaries)
    {
        await StartAsync(primaries);
        var key = KeyAtHome();
        foreach (var (first, second) in ((int, int)[])[(0, Home), (Home, 0)])
        {
            var create = Customer(first, key);
            var made = await Ledger.ExecuteAsync(create, Cancel);
            made.Subject.ShouldBe(create.CustomerId);
            (await Ledger.ExecuteAsync(create with { CustomerId = Ledger.Map.NextOn(second, _ids) }, Cancel))
                .Subject.ShouldBe(create.CustomerId);
            key = KeyAtHome();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_refusal_is_kept_under_the_key_too(int primaries)
    {
        await StartAsync(primaries);
        var account = await AccountAsync(0);
        var withdraw = new Withdraw(
            _ids.Next(), account, new Money(5, Eur), null)
        { Key = KeyAtHome(), Fingerprint = _ids.Next() };
        var refused = await Ledger.ExecuteAsync(withdraw, Cancel);
        refused.Refusal!.Reason.ShouldBe(RefusalReason.InsufficientFunds);
        await Ledger.ExecuteAsync(Deposit(account, 100, KeyAtHome()), Cancel);
        (await Ledger.ExecuteAsync(withdraw, Cancel)).Refusal.ShouldBe(refused.Refusal);
        (await Ledger.ExecuteAsync(withdraw with { Fingerprint = _ids.Next() }, Cancel))
            .Refusal!.Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
    }

    [Fact]
    public async Task A_batch_whose_key_another_shard_took_a_moment_earlier_is_decided_anew()
    {
        await StartAsync(1);
        await using var taker = _store!.OpenWriter(0);
        // This ledger's own writer gives the shard up.
        await _databases.ExecuteAsync(0, "UPDATE shard_head SET lease_until = '2000-01-01'");
        var head = await taker.AcquireAsync(Cancel);
        var key = KeyAtHome();
        var keys = new BatchKeys();
        keys.KeysElsewhere.Add(Home, [key]);
        (await taker.BeginAsync(keys)).KeysElsewhere.ShouldBeEmpty();

        (await Ledger.ExecuteAsync(Deposit(await AccountAsync(Home), 100, key), Cancel)).Refusal.ShouldBeNull();
        var writes = new BatchWrites { TimeUs = head.TimeUs };
        writes.KeysElsewhere.Add((Home, LedgerSamples.Outcome(key)));
        (await taker.CommitAsync(writes)).ShouldBeFalse();
        (await taker.BeginAsync(keys)).KeysElsewhere[key].Kind.ShouldBe(OutcomeKind.Done);
        await taker.RollbackAsync();
    }

    private static Currency Eur { get; } = Currency.Parse("EUR");

    private async Task StartAsync(int primaries)
    {
        _store = await MySqlLedgerStore.OpenAsync(_databases.Options with
        {
            Primaries = [.. Enumerable.Repeat(RealEngine.MySql, primaries)]
        }, TimeProvider.System, NullLogger.Instance, Cancel);
        _store.TakesKeysOf(0, Home).ShouldBe(primaries == 1);
        _ledger = await GeneralLedger.StartAsync(_store, TimeProvider.System, _ids, NullLogger.Instance, Cancel);
    }

    private Guid KeyAtHome() => Ledger.Map.NextOn(Home, _ids);

    private CreateCustomer Customer(int shard, Guid key) => new(Ledger.Map.NextOn(
        shard, _ids), "Ada", "ada@example.com", "DE")
    { Key = key, Fingerprint = LedgerSamples.Id(1) };

    private Deposit Deposit(Guid account, long minor, Guid key) => new(_ids.Next(), account, new Money(
        minor, Eur), null)
    { Key = key, Fingerprint = Idempotency.Fingerprint($"{account}|{minor}") };

    private async Task<Guid> AccountAsync(int shard)
    {
        var customer = await Ledger.ExecuteAsync(Customer(shard, Guid.Empty), Cancel);
        return (await Ledger.ExecuteAsync(
            new OpenAccount(Ledger.Map.NextOn(shard, _ids), customer.Subject, Eur, 0, null), Cancel)).Subject;
    }

    private async Task<long> BalanceAsync(Guid account) =>
        (await Ledger.ReaderOf(account).GetAccountAsync(account, Cancel)).ShouldNotBeNull().PostedMinor;

    private async Task<long> PostedInEntriesAsync(Guid[] accounts)
    {
        var sum = 0L;
        foreach (var account in accounts) sum += (await Ledger.ReaderOf(account)
            .GetEntriesAsync(account, long.MaxValue, 1_000, Cancel)).Sum(entry => entry.AmountMinor);
        return sum;
    }
}
