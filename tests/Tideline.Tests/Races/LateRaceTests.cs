using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Races;

/// <summary>Commands that are answered as late at the moment when the shard's own thread takes them.</summary>
public sealed class LateRaceTests
{
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(
        LedgerLimits.ShardAnswerMs + 2 * LedgerLimits.ShardAnswerLookMs);

    [Fact]
    public async Task A_command_that_is_late_is_carried_out_once_by_its_repeat_and_had_no_effect_if_it_is_said_so()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var bank = await Bank.OpenAsync(1, time);
        var late = 0;
        await Sampling.RunAsync(() => Gen.Const(() => (new LateRace(bank), new Deposits()))
            .SampleParallel(
                Gen.Int[1, 30].Operation<LateRace, Deposits>(
                    count => $"deposit {count} times",
                    (race, count) => race.DepositAsync(count).GetAwaiter().GetResult(),
                    (deposits, count) => deposits.Count += count),
                Gen.Int[1, 10].Operation<LateRace, Deposits>(
                    times => $"much time passes {times} times",
                    (race, times) => race.PassAsync(time, times).GetAwaiter().GetResult(), (_, _) => { }),
                equal: (race, deposits) =>
                {
                    late += race.Late;
                    return race.BalanceMinor == deposits.Count;
                },
                maxSequentialOperations: 0, maxParallelOperations: 6, iter: 60, threads: 4,
                printActual: race => $"{race.BalanceMinor} deposited, {race.Late} late"));
        late.ShouldBePositive();
        await bank.ShouldAddUpAsync();
    }

    private sealed class Deposits
    {
        public int Count { get; set; }
    }

    private sealed class LateRace(Bank bank)
    {
        private readonly Lazy<Guid> _account = new(() => bank.AccountAsync(0).GetAwaiter().GetResult());
        private int _late;

        public int Late => Volatile.Read(ref _late);

        public long BalanceMinor => bank.ReadAsync(_account.Value).GetAwaiter().GetResult().PostedMinor;

        public Task DepositAsync(int count)
        {
            _ = _account.Value;
            return Task.WhenAll(Enumerable.Range(0, count).Select(_ => DepositAsync()));
        }

        public async Task PassAsync(FakeTimeProvider time, int times)
        {
            // No time passes while the account is opened.
            _ = _account.Value;
            for (var pass = 0; pass < times; pass++)
            {
                time.Advance(LateRaceTests.Late);
                await Task.Yield();
            }
        }

        // As a client does: with a key of its own, again until it is answered.
        private async Task DepositAsync()
        {
            var deposit = new Deposit(bank.Ledger.Ids.Next(), _account.Value, new Money(1, Bank.Eur), null)
            {
                Key = bank.Ledger.Ids.Next(), Fingerprint = bank.Ledger.Ids.Next(),
            };
            for (var (isSent, reply) = (false, (Reply?)null); reply is null;)
            {
                try
                {
                    reply = await bank.Ledger.ExecuteAsync(deposit, default);
                    reply.Refusal.ShouldBeNull();
                    if (!isSent) reply.IsRepeat.ShouldBeFalse("It was said to have had no effect.");
                }
                catch (TidelineException fault) when (fault.Code == ErrorCode.StorageUnavailable)
                {
                    Interlocked.Increment(ref _late);
                    isSent |= !fault.Message.Contains("it had no effect", StringComparison.Ordinal);
                }
            }
        }
    }
}
