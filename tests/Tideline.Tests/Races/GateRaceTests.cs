using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Cache.Redis;
using Tideline.Engines.Log.Kafka;
using Tideline.Gateway.Http;
using Tideline.Gateway.Metrics;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Races;

/// <summary>What lets threads in, counts them, or lets only one of them do something.</summary>
public sealed class GateRaceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public Task Nobody_is_inside_a_log_that_is_closed() => SampleClosingAsync(() => new CallGateRoom());

    [Fact]
    public Task Nobody_is_inside_a_gateway_that_has_drained() => SampleClosingAsync(() => new DoorstepRoom());

    [Fact]
    public Task Of_the_calls_that_find_a_trial_due_one_is_let_through() => Sampling.RunAsync(() =>
        Gen.Const(() => (new BreakerRace(), new Calls()))
            .SampleParallel(
                Gen.Operation<BreakerRace, Calls>("call", race => race.Call(), calls => calls.Count++),
                equal: (race, calls) => race.Entered.All(entered => entered == Math.Min(1, calls.Count)),
                maxSequentialOperations: 0, maxParallelOperations: 4, iter: 150, threads: 3,
                printActual: race => $"{string.Join(' ', race.Entered)} entered"));

    [Fact]
    public Task A_command_is_answered_or_failed_and_its_group_ends_with_the_last() => Sampling.RunAsync(() =>
        Gen.Int[1, 400].Select(count => (new GroupRace(count), 0))
            .SampleParallel(
                Gen.Operation<GroupRace, int>("answer all", race => race.AnswerAll(), _ => { }),
                Gen.Operation<GroupRace, int>("fail all", race => race.FailAll(), _ => { }),
                equal: (race, _) => race.IsEnded, maxSequentialOperations: 0, maxParallelOperations: 4, iter: 200,
                threads: 3, printActual: race => $"{race.IsEnded}"));

    [Fact]
    public Task Every_answer_is_counted_once() => Sampling.RunAsync(() =>
        Gen.Const(() => (new RouteMeter("GET", "/"), new Calls()))
            .SampleParallel(
                Gen.Int[1, 2_000].Operation<RouteMeter, Calls>(
                    times => $"answer {times} times", Answer, (calls, times) => calls.Count += times),
                equal: (meter, calls) =>
                    (meter.Count(2), meter.Bucket(0), meter.SumUs) == (calls.Count, calls.Count, calls.Count),
                maxSequentialOperations: 0, maxParallelOperations: 5, iter: 100, threads: 3,
                printActual: meter => $"{meter.Count(2)}, {meter.Bucket(0)} and {meter.SumUs} µs"));

    private static void Answer(RouteMeter meter, int times)
    {
        for (var time = 0; time < times; time++) meter.Record(StatusCodes.Status200OK, 1);
    }

    private static Task SampleClosingAsync(Func<Room> make) => Sampling.RunAsync(() =>
        Gen.Const(() => (new ClosingRace(make), 0))
            .SampleParallel(
                Gen.Int[1, 8].Operation<ClosingRace, int>(
                    times => $"enter {times} times", (race, times) => race.EnterAsync(times).GetAwaiter().GetResult(),
                    (_, _) => { }),
                Gen.Operation<ClosingRace, int>("close", race => race.CloseAsync().GetAwaiter().GetResult(), _ => { }),
                equal: (race, _) => race.IsSound, maxSequentialOperations: 1, maxParallelOperations: 4, iter: 300,
                threads: 3, printActual: race => race.IsSound ? "sound" : "somebody was inside"));

    /// <summary>Threads that go in and out of some rooms that others close.</summary>
    private sealed class ClosingRace(Func<Room> make)
    {
        private const int Rooms = 12;
        private readonly Meeting _meeting = new(Rooms);
        private readonly Room[] _rooms = [.. Enumerable.Range(0, Rooms).Select(_ => make())];

        public bool IsSound => _rooms.All(room => room.IsSound);

        public async Task EnterAsync(int times)
        {
            for (var room = 0; room < Rooms; room++)
            {
                _meeting.Arrive(room);
                for (var time = 0; time < times; time++) await _rooms[room].EnterAsync();
            }
        }

        public async Task CloseAsync()
        {
            for (var room = 0; room < Rooms; room++)
            {
                _meeting.Arrive(room);
                await _rooms[room].CloseAsync();
            }
        }
    }

    /// <summary>Something that one closes while others are inside.</summary>
    private abstract class Room
    {
        private int _closers, _inside;
        private volatile bool _isClosed, _wasInside;

        public bool IsSound => !_wasInside && Volatile.Read(ref _inside) == 0;

        public abstract Task EnterAsync();

        public async Task CloseAsync()
        {
            if (Interlocked.Exchange(ref _closers, 1) != 0) return;
            await EndAsync();
            _isClosed = true;
            _wasInside |= Volatile.Read(ref _inside) != 0;
        }

        protected abstract Task EndAsync();

        protected async Task StayAsync()
        {
            Interlocked.Increment(ref _inside);
            _wasInside |= _isClosed;
            await Task.Yield();
            _wasInside |= _isClosed;
            Interlocked.Decrement(ref _inside);
        }
    }

    private sealed class CallGateRoom : Room
    {
        private readonly CallGate _gate = new();

        public override async Task EnterAsync()
        {
            try
            {
                (await _gate.RunAsync(
                    async _ =>
                    {
                        await StayAsync();
                        return 1;
                    },
                    default)).ShouldBe(1);
            }
            catch (TidelineException fault) when (fault.Code == ErrorCode.ShuttingDown)
            {
                // It came too late.
            }
        }

        protected override async Task EndAsync() => (await _gate.CloseAsync().WaitAsync(Limit)).ShouldBeTrue();
    }

    private sealed class DoorstepRoom : Room
    {
        private readonly Doorstep _doorstep = new();

        public DoorstepRoom() => _doorstep.Open(_ => StayAsync());

        public override Task EnterAsync() => _doorstep.HandleAsync(new DefaultHttpContext());

        protected override Task EndAsync() => _doorstep.CloseAsync(Limit);
    }

    private sealed class Calls
    {
        public int Count { get; set; }
    }

    /// <summary>Some breakers that are open, with a trial due.</summary>
    private sealed class BreakerRace
    {
        private const int Breakers = 20;
        private readonly Meeting _meeting = new(Breakers);
        private readonly CircuitBreaker[] _breakers;
        private readonly int[] _entered = new int[Breakers];

        public BreakerRace()
        {
            var time = new FakeTimeProvider();
            _breakers = [.. Enumerable.Range(0, Breakers).Select(_ => new CircuitBreaker(time))];
            foreach (var breaker in _breakers)
            {
                for (var failure = 0; failure < RedisLimits.Failures; failure++) breaker.Failed();
            }

            time.Advance(TimeSpan.FromMilliseconds(RedisLimits.AwayMs));
        }

        public IReadOnlyList<int> Entered => _entered;

        public void Call()
        {
            for (var at = 0; at < Breakers; at++)
            {
                _meeting.Arrive(at);
                if (_breakers[at].TryEnter()) Interlocked.Increment(ref _entered[at]);
            }
        }
    }

    /// <summary>Commands of one group: each is answered by the settler, or failed by the limit of time.</summary>
    private sealed class GroupRace
    {
        private readonly PendingGroup _group;
        private readonly GroupedPending[] _commands;
        private int _rounds;

        public GroupRace(int count)
        {
            _group = new PendingGroup(count);
            var deposit = new Deposit(Guid.Empty, Guid.Empty, new Money(1, Bank.Eur), null);
            _commands = [.. Enumerable.Range(0, count).Select(index => new GroupedPending(deposit, 0, _group, index)
            {
                Reply = new Reply(null, Guid.Empty, index, new Position(0, index), OutcomeKind.Done),
            })];
        }

        public bool IsEnded
        {
            get
            {
                if (Volatile.Read(ref _rounds) == 0) return !_group.End.IsCompleted;
                var ends = _group.End.WaitAsync(Limit).GetAwaiter().GetResult();
                return ends.Index().All(end => end.Item.Fault is not null ^ end.Item.Reply?.BalanceMinor == end.Index);
            }
        }

        public void AnswerAll()
        {
            Interlocked.Increment(ref _rounds);
            foreach (var command in _commands) command.Answer();
        }

        public void FailAll()
        {
            Interlocked.Increment(ref _rounds);
            var late = new TidelineException(ErrorCode.StorageUnavailable, "It is late.");
            foreach (var command in _commands) command.Fail(late);
        }
    }
}
