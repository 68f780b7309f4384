using System.Collections.Concurrent;
using CsCheck;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Races;

/// <summary>Threads of clients at one ledger, whose shards have threads of their own.</summary>
public sealed class LedgerRaceTests
{
    [Fact]
    public async Task What_threads_are_answered_is_what_one_would_be_in_some_order()
    {
        await using var bank = await Bank.OpenAsync(shards: 1);
        await Sampling.RunAsync(() => Gen.Long[0, 1]
            .Select(begins => (new LedgerRace(bank, begins * 1_000), new LedgerModel(begins * 1_000)))
            .SampleParallel(
                LedgerStep.Any.Operation<LedgerRace, LedgerModel>(
                    step => $"{step}", (race, step) => race.Run(step), (model, step) => model.Run(step)),
                equal: (race, model) => race.Equals(model), maxSequentialOperations: 4, maxParallelOperations: 6,
                iter: 100, threads: 3, printActual: race => $"{race}", printModel: model => $"{model}"));
        await bank.ShouldAddUpAsync();
    }

    // The home of a key is often another shard than the account's: it is taken there first, by one request.
    [Fact]
    public async Task A_key_that_threads_share_is_carried_out_once_for_one_of_their_requests()
    {
        await using var bank = await Bank.OpenAsync(shards: 2);
        await Sampling.RunAsync(() => Gen.Const(() => (new KeyRace(bank), new KeyModel()))
            .SampleParallel(
                Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1]).Operation<KeyRace, KeyModel>(
                    use => $"deposit to {use.Item2} with key {use.Item1}",
                    (race, use) => race.DepositAsync(use.Item1, use.Item2).GetAwaiter().GetResult(),
                    (model, use) => model.Deposit(use.Item1, use.Item2)),
                equal: (race, model) => race.Equals(model), maxSequentialOperations: 1, maxParallelOperations: 7,
                iter: 50, threads: 4, printActual: race => $"{race}", printModel: model => $"{model}"));
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task Nothing_is_committed_while_all_shards_stand()
    {
        await using var bank = await Bank.OpenAsync(shards: 2);
        var accounts = new[] { await bank.AccountAsync(0), await bank.AccountAsync(1) };
        var (deposited, looks) = (0L, 0L);
        await Sampling.RunAsync(() => Gen.Const(() => (bank, 0))
            .SampleParallel(
                Gen.Int[0, 1].Operation<Bank, int>(
                    account => $"deposit to {account}",
                    (_, account) => Interlocked.Add(ref deposited, DepositAsync(account).GetAwaiter().GetResult()),
                    (_, _) => { }),
                Gen.Operation<Bank, int>("look at one moment", _ => LookAsync().GetAwaiter().GetResult(), _ => { }),
                equal: (_, _) => true, maxSequentialOperations: 1, maxParallelOperations: 5, iter: 40, threads: 3,
                printActual: _ => "a bank"));
        looks.ShouldBePositive();
        ((await bank.ReadAsync(accounts[0])).PostedMinor + (await bank.ReadAsync(accounts[1])).PostedMinor)
            .ShouldBe(deposited);

        async Task<long> DepositAsync(int account)
        {
            for (var time = 0; time < 10; time++)
                (await bank.DepositAsync(accounts[account], 1)).Refusal.ShouldBeNull();
            return 10;
        }

        async Task LookAsync()
        {
            if (await MovedMeanwhileAsync(bank) is not { } moved) return;
            moved.ShouldBeFalse();
            Interlocked.Increment(ref looks);
        }
    }

    // Null: there was no such moment, because the writers stood already, or not long enough.
    private static async Task<bool?> MovedMeanwhileAsync(Bank bank)
    {
        var moved = false;
        try
        {
            await bank.Ledger.AtOneMomentAsync(
                () =>
                {
                    var before = Heads(bank);
                    for (var look = 0; look < 20; look++) moved |= !Heads(bank).SequenceEqual(before);
                },
                default);
            return moved;
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.Overloaded)
        {
            return null;
        }
    }

    private static long[] Heads(Bank bank) =>
        [.. Enumerable.Range(0, 2).Select(shard =>
            bank.Ledger.RawReader(shard).GetHeadAsync(default).AsTask().GetAwaiter().GetResult().EventSeq)];

    private sealed class KeyModel
    {
        private readonly Dictionary<int, int> _accounts = [];

        public List<string> Answers { get; } = [];

        public IEnumerable<long> BalancesMinor => [Balance(0), Balance(1)];

        public void Deposit(int key, int account)
        {
            _accounts.TryAdd(key, account);
            Answers.Add($"{key} to {account}: {(_accounts[key] == account ? "done" : "reused")}");
        }

        public override string ToString() => $"{string.Join("; ", Answers)}; {string.Join(", ", BalancesMinor)}";

        private long Balance(int account) =>
            _accounts.Where(use => use.Value == account).Sum(use => KeyRace.MinorOf(use.Key));
    }

    /// <summary>Deposits to two new accounts on two shards, under three keys.</summary>
    private sealed class KeyRace(Bank bank)
    {
        private readonly Lazy<Guid[]> _accounts = new(() => OpenAsync(bank).GetAwaiter().GetResult());
        private readonly ConcurrentDictionary<int, Reply> _outcomes = new();
        private readonly ConcurrentBag<string> _answers = [];

        private IEnumerable<long> BalancesMinor => _accounts.Value.Select(account =>
            bank.ReadAsync(account).GetAwaiter().GetResult().PostedMinor);

        public static long MinorOf(int key) => 1L << key;

        public async Task DepositAsync(int key, int account)
        {
            var id = _accounts.Value[account];
            var request = new Deposit(bank.Ledger.NextIdBeside(id), id, new Money(MinorOf(key), Bank.Eur), null)
            {
                Key = Idempotency.Key("", $"{_accounts.Value[0]} {key}"),
                Fingerprint = Idempotency.Fingerprint($"{key} to {account}"),
            };
            var reply = await bank.Ledger.ExecuteAsync(request, default) with { IsRepeat = false };
            _answers.Add($"{key} to {account}: {(reply.Refusal is null ? "done" : "reused")}");
            if (reply.Refusal is null) _outcomes.GetOrAdd(key, reply).ShouldBe(reply);
            else reply.Refusal.Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
        }

        public bool Equals(KeyModel model) =>
            _answers.Order(StringComparer.Ordinal).SequenceEqual(model.Answers.Order(StringComparer.Ordinal))
            && BalancesMinor.SequenceEqual(model.BalancesMinor);

        public override string ToString() => $"{string.Join("; ", _answers)}; {string.Join(", ", BalancesMinor)}";

        private static async Task<Guid[]> OpenAsync(Bank bank) =>
            [await bank.AccountAsync(0), await bank.AccountAsync(1)];
    }
}
