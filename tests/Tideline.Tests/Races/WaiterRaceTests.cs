using System.Collections.Concurrent;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;
using Tideline.Views;

namespace Tideline.Tests.Races;

/// <summary>
/// Threads that wait for what other threads do. The clock of the waits stands, so nobody is released by time, and a
/// waiter that was forgotten would wait for ever; the limit of a test only ends it then.
/// </summary>
public sealed class WaiterRaceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public Task Who_waits_for_a_commit_is_released_by_the_one_after_it_and_not_before() =>
        SamplePositionsAsync(() => new CommitWaits());

    [Fact]
    public async Task Who_waits_for_a_watermark_is_released_when_it_is_reached_and_not_before()
    {
        await using var bank = await Bank.OpenAsync(1);
        await SamplePositionsAsync(() => new WatermarkWaits(bank.Ledger));
    }

    [Fact]
    public Task A_fence_that_ended_stands_where_it_was_asked_for_and_one_moves_at_a_time() => Sampling.RunAsync(() =>
        Gen.Const(() => (new FenceRace(), 0))
            .SampleParallel(
                Gen.Int[1, 60].Operation<FenceRace, int>(
                    times => $"move it {times} times", (race, times) => race.MoveAsync(times).GetAwaiter().GetResult(),
                    (_, _) => { }),
                equal: (_, _) => true, maxSequentialOperations: 0, maxParallelOperations: 5, iter: 80, threads: 4,
                printActual: _ => "a fence"));

    // Messages move on a thread of their own, and a saga may end between any two steps of those who wait for it.
    [Fact]
    public async Task Everybody_who_waits_for_a_transfer_to_another_shard_hears_its_end()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var bank = await Bank.OpenAsync(2, time);
        using var stop = new CancellationTokenSource();
        var pump = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (await bank.Pump.StepAsync() == 0) await Task.Delay(1, CancellationToken.None);
            }
        });
        await Sampling.RunAsync(() => Gen.Const(() => (new TransferRace(bank), new HashSet<int>()))
            .SampleParallel(
                Gen.Int[0, 2].Operation<TransferRace, HashSet<int>>(
                    key => $"transfer with key {key}",
                    (race, key) => race.TransferAsync(key).WaitAsync(Limit).GetAwaiter().GetResult(),
                    (keys, key) => keys.Add(key)),
                equal: (race, keys) => race.ArrivedMinor == keys.Sum(TransferRace.MinorOf), maxSequentialOperations: 0,
                maxParallelOperations: 8, iter: 60, threads: 4, printActual: race => $"{race.ArrivedMinor} arrived"));
        await stop.CancelAsync();
        await pump;
        await bank.ShouldAddUpAsync();
    }

    private static Task SamplePositionsAsync(Func<IPositionWaits> make) => Sampling.RunAsync(() =>
        Gen.Const(() => (new PositionRace(make), new Moves()))
            .SampleParallel(
                Gen.Operation<PositionRace, Moves>("move", race => race.Move(), moves => moves.Count++),
                Gen.Int[1, 4].Operation<PositionRace, Moves>(
                    times => $"wait {times} times", (race, times) => race.Wait(times), (_, _) => { }),
                Gen.Operation<PositionRace, Moves>("give up waiting", race => race.GiveUp(), _ => { }),
                equal: (race, moves) => race.IsAsAfter(moves.Count), maxSequentialOperations: 1,
                maxParallelOperations: 5, iter: 300, threads: 3, printActual: race => $"{race}"));

    private sealed class Moves
    {
        public int Count { get; set; }
    }

    /// <summary>A position that moves, and a way to wait for it.</summary>
    private interface IPositionWaits
    {
        long Seq { get; }

        /// <summary>Moves one further than all before.</summary>
        void Move(ref long moved);

        Task WaitAsync(long seq, CancellationToken cancel);
    }

    private sealed class CommitWaits : IPositionWaits
    {
        private readonly FakeTimeProvider _time = new();
        private readonly CommitSignal _signal = new(0, 0, 0);

        public long Seq => _signal.Head.EventSeq;

        // The one who commits and those who look report heads, and the later of two may come first.
        public void Move(ref long moved) => _signal.Reach(Interlocked.Increment(ref moved), 0, 0);

        // Whoever waits looks again after each commit.
        public async Task WaitAsync(long seq, CancellationToken cancel)
        {
            while (Seq < seq) await _signal.WaitAsync(seq - 1, long.MaxValue, TimeSpan.FromHours(1), _time, cancel);
        }
    }

    private sealed class WatermarkWaits(GeneralLedger ledger) : IPositionWaits
    {
        private readonly ShardProgress _progress = new("customers", 0, ledger, new FakeTimeProvider());
        private readonly Lock _moving = new();

        public long Seq => _progress.Watermark.Seq;

        // One thread projects a shard.
        public void Move(ref long moved)
        {
            lock (_moving) _progress.MoveTo(new Watermark(++moved, 0));
        }

        public async Task WaitAsync(long seq, CancellationToken cancel) =>
            (await _progress.WaitForAsync(seq, TimeSpan.FromHours(1), cancel)).ShouldBeTrue();
    }

    /// <summary>Some positions, each of which all threads move, and wait for, at once.</summary>
    private sealed class PositionRace
    {
        private const int Positions = 20;
        private readonly Meeting _meeting = new(Positions);
        private readonly IPositionWaits[] _positions;
        private readonly long[] _moved = new long[Positions];
        private readonly ConcurrentBag<(int Position, long Seq, Task<long> Released)> _waiting = [];

        public PositionRace(Func<IPositionWaits> make) =>
            _positions = [.. Enumerable.Range(0, Positions).Select(_ => make())];

        public void Move()
        {
            for (var at = 0; at < Positions; at++)
            {
                _meeting.Arrive(at);
                _positions[at].Move(ref _moved[at]);
            }
        }

        /// <summary>Waits for the next of each, and for the one after it.</summary>
        public void Wait(int times)
        {
            for (var at = 0; at < Positions; at++)
            {
                _meeting.Arrive(at);
                for (var time = 0; time < times; time++)
                {
                    var seq = _positions[at].Seq + 1 + time % 2;
                    _waiting.Add((at, seq, ReleasedAsync(_positions[at], seq)));
                }
            }
        }

        public void GiveUp()
        {
            for (var at = 0; at < Positions; at++)
            {
                using var cancel = new CancellationTokenSource();
                var wait = _positions[at].WaitAsync(_positions[at].Seq + 1, cancel.Token);
                _meeting.Arrive(at);
                cancel.Cancel();
                ((Task)wait.WaitAsync(Limit)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing)
                    .GetAwaiter().GetResult();
                wait.IsCompleted.ShouldBeTrue();
            }
        }

        /// <summary>Whether all stand there, with everybody released who waited for that, and nobody else.</summary>
        public bool IsAsAfter(int moves)
        {
            if (_positions.Any(position => position.Seq != moves)) return false;
            foreach (var (_, seq, released) in _waiting)
            {
                if (seq <= moves) released.WaitAsync(Limit).GetAwaiter().GetResult().ShouldBeGreaterThanOrEqualTo(seq);
                else released.IsCompleted.ShouldBeFalse($"{seq} has not been reached");
            }

            return true;
        }

        public override string ToString() =>
            $"at {string.Join(' ', _positions.Select(position => position.Seq))}, {_waiting.Count} waited";

        private static async Task<long> ReleasedAsync(IPositionWaits position, long seq)
        {
            await position.WaitAsync(seq, default);
            return position.Seq;
        }
    }

    private sealed class FenceRace
    {
        private readonly Highest _stands = new();
        private readonly TimeFence _fence;
        private long _askedUs;
        private int _moving;

        public FenceRace() => _fence = new TimeFence(async timeUs =>
        {
            Interlocked.Increment(ref _moving).ShouldBe(1);
            await Task.Yield();
            _stands.Raise(timeUs);
            Interlocked.Decrement(ref _moving);
        });

        public async Task MoveAsync(int times)
        {
            for (var time = 0; time < times; time++)
            {
                var askedUs = Interlocked.Increment(ref _askedUs);
                await _fence.MoveAsync(askedUs).WaitAsync(Limit);
                _stands.Value.ShouldBeGreaterThanOrEqualTo(askedUs);
            }
        }
    }

    /// <summary>Transfers from an account on one shard to one on another, under three keys.</summary>
    private sealed class TransferRace(Bank bank)
    {
        private readonly Lazy<Guid[]> _accounts = new(() => OpenAsync(bank).GetAwaiter().GetResult());
        private readonly ConcurrentDictionary<int, Guid> _transfers = new();

        public long ArrivedMinor => bank.ReadAsync(_accounts.Value[1]).GetAwaiter().GetResult().PostedMinor;

        public static long MinorOf(int key) => 1L << key;

        public async Task TransferAsync(int key)
        {
            var (from, to) = (_accounts.Value[0], _accounts.Value[1]);
            var reply = await bank.Payments.TransferAsync(
                bank.Transfer(from, to, MinorOf(key), $"{from} {key}"), default);
            reply.Status.ShouldBe(TransferStatus.Settled);
            _transfers.GetOrAdd(key, reply.TransferId).ShouldBe(reply.TransferId);
        }

        private static async Task<Guid[]> OpenAsync(Bank bank) =>
            [await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1)];
    }
}
