using System.Collections.Concurrent;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Tests.Kernel;

namespace Tideline.Tests.Races;

/// <summary>Ids, names and times that all threads of a process take from one place.</summary>
public sealed class KernelRaceTests
{
    private const ulong Seed = 7;
    private const long HourUs = 3_600_000_000, StepUs = Limits.ClockStepMs * 1_000L;

    [Fact]
    public Task Ids_of_several_threads_are_those_of_one_and_of_their_time() => Sampling.RunAsync(() =>
        Gen.Const(() => (new IdRace(), new List<Guid>()))
            .SampleParallel(
                Gen.Int[1, 500].Operation<IdRace, List<Guid>>(
                    count => $"take {count}", (race, count) => race.Take(count), (ids, count) => Take(ids, count)),
                Gen.Operation<IdRace, List<Guid>>("a millisecond passes", race => race.Pass(), _ => { }),
                equal: (race, ids) => race.Ids.Distinct().Count() == ids.Count
                    && race.Ids.Select(Drawn).Order(StringComparer.Ordinal).SequenceEqual(
                        ids.Select(Drawn).Order(StringComparer.Ordinal)),
                maxSequentialOperations: 1, maxParallelOperations: 6, iter: 100, threads: 3,
                printActual: race => $"{race.Ids.Count} ids, {race.Ids.Distinct().Count()} of them different",
                printModel: ids => $"{ids.Count} ids"));

    // A number has one name, and a name one number, whoever comes first.
    [Fact]
    public Task Of_several_that_register_one_number_or_name_one_has_it() => Sampling.RunAsync(() =>
        Gen.Const(() => (new NameRace(), new NameRace()))
            .SampleParallel(
                Gen.Select(Gen.Int[100, 103], Gen.Int[0, 3]).Operation<NameRace, NameRace>(
                    name => $"register {name.Item1} as {name.Item2}",
                    (race, name) => race.Register(name.Item1, $"{name.Item2}"),
                    (race, name) => race.Register(name.Item1, $"{name.Item2}")),
                equal: (race, model) => race.Answers.SequenceEqual(model.Answers) && race.All.SequenceEqual(model.All),
                maxSequentialOperations: 2, maxParallelOperations: 6, iter: 300, threads: 3,
                printActual: race => string.Join("; ", race.Answers),
                printModel: model => string.Join("; ", model.Answers)));

    [Fact]
    public Task The_time_that_stamps_commits_goes_back_for_no_thread() => Sampling.RunAsync(() =>
        Gen.Const(() => (new ClockRace(), 0))
            .SampleParallel(
                Gen.Int[1, 400].Operation<ClockRace, int>(
                    times => $"read {times} times", (race, times) => race.Read(times), (_, _) => { }),
                Gen.Int[1, 400].Operation<ClockRace, int>(
                    times => $"{times} ms pass", (race, times) => race.Pass(times), (_, _) => { }),
                Gen.Int[-9_000, 9_000].Operation<ClockRace, int>(
                    ms => $"the system clock jumps {ms} ms",
                    (race, ms) => race.Machine.Jump(TimeSpan.FromMilliseconds(ms)), (_, _) => { }),
                Gen.Int[1, 400].Operation<ClockRace, int>(
                    times => $"hear the database {times} times", (race, times) => race.Hear(times), (_, _) => { }),
                equal: (_, _) => true, maxSequentialOperations: 2, maxParallelOperations: 6, iter: 150, threads: 3,
                printActual: race => $"a clock at {race.Clock.NowUs()}"));

    // The first reading of a database may put the clock back, for those too who read the clock at that moment.
    [Fact]
    public Task A_clock_that_a_database_has_put_right_is_right_for_every_thread() => Sampling.RunAsync(() =>
        Gen.Const(() => (new CorrectionRace(), 0))
            .SampleParallel(
                Gen.Int[100, 400].Operation<CorrectionRace, int>(
                    times => $"read {times} times", (race, times) => race.Read(times), (_, _) => { }),
                Gen.Operation<CorrectionRace, int>("hear the database", race => race.Hear(), _ => { }),
                equal: (_, _) => true, maxSequentialOperations: 0, maxParallelOperations: 6, iter: 200, threads: 3,
                printActual: _ => "a clock"));

    private static void Take(List<Guid> into, int count)
    {
        var ids = new IdGenerator(new FakeTimeProvider(), Seed + (ulong)into.Count);
        for (var taken = 0; taken < count; taken++) into.Add(ids.Next());
    }

    // Without its time, which depends on the order.
    private static string Drawn(Guid id) => id.ToString("N")[12..];

    private sealed class IdRace
    {
        private readonly FakeTimeProvider _time = new();
        private readonly IdGenerator _ids;

        public IdRace() => _ids = new IdGenerator(_time, Seed);

        public ConcurrentBag<Guid> Ids { get; } = [];

        private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

        public void Pass() => _time.Advance(TimeSpan.FromMilliseconds(1));

        public void Take(int count)
        {
            for (var taken = 0; taken < count; taken++)
            {
                var before = NowMs;
                var id = _ids.Next();
                Convert.ToInt64(id.ToString("N")[..12], 16).ShouldBeInRange(before, NowMs);
                Ids.Add(id);
            }
        }
    }

    private sealed record Name(int Number, string Text) : NumberedName(Number, Text);

    private sealed class NameRace
    {
        private readonly NumberedNames<Name> _names = new("Number", 100, []);
        private readonly ConcurrentBag<string> _answers = [];

        public IEnumerable<string> Answers => _answers.Order(StringComparer.Ordinal);

        public IReadOnlyList<Name> All => _names.All;

        public void Register(int number, string text)
        {
            var name = new Name(number, text);
            try
            {
                _names.Register(name);
                (_names.Find(number), _names.Find(text)).ShouldBe((name, name));
                _answers.Add($"{number} is {text}");
            }
            catch (TidelineException refused) when (refused.Code == ErrorCode.InvalidInput)
            {
                _answers.Add($"{number} is not {text}");
            }
        }
    }

    /// <summary>A clock that follows a database from the beginning.</summary>
    private sealed class ClockRace
    {
        private readonly Highest _read = new();
        private readonly long _startUs, _startedAt;

        public ClockRace()
        {
            (_startUs, _startedAt) = (Machine.NowUs(), Machine.GetTimestamp());
            Clock = new SteadyClock(Machine);
            Hear(1);
        }

        public MachineTime Machine { get; } = MachineTime.InMarch();

        public SteadyClock Clock { get; }

        public void Pass(int times)
        {
            for (var time = 0; time < times; time++) Machine.Advance(TimeSpan.FromMilliseconds(1));
        }

        /// <summary>The database is ahead and behind by turns, by as much as is followed.</summary>
        public void Hear(int times)
        {
            for (var time = 0; time < times; time++)
            {
                var askedAt = Machine.GetTimestamp();
                var sinceStart = Machine.GetElapsedTime(_startedAt, askedAt);
                var offUs = (time % 2 == 0 ? StepUs : -StepUs) * (time % 5) / 10;
                Clock.Hear("db", _startUs + (long)sinceStart.TotalMicroseconds + offUs, askedAt);
            }
        }

        public void Read(int times)
        {
            for (var time = 0; time < times; time++)
            {
                var before = _read.Value;
                var now = Clock.NowUs();
                now.ShouldBeGreaterThanOrEqualTo(before, "another thread read that before");
                _read.Raise(now);
            }
        }
    }

    /// <summary>A system clock that is an hour ahead of the first database that is asked.</summary>
    private sealed class CorrectionRace
    {
        private readonly MachineTime _machine = MachineTime.InMarch();
        private readonly SteadyClock _clock;
        private readonly long _rightUs;
        private volatile bool _isHeard;

        public CorrectionRace()
        {
            _rightUs = _machine.NowUs();
            _machine.Jump(TimeSpan.FromHours(1));
            _clock = new SteadyClock(_machine);
        }

        public void Hear()
        {
            _clock.Hear("db", _rightUs, _machine.GetTimestamp());
            _isHeard = true;
        }

        public void Read(int times)
        {
            for (var time = 0; time < times; time++)
            {
                var isRight = _isHeard;
                var aheadUs = _clock.NowUs() - _rightUs;
                aheadUs.ShouldBeOneOf(0, HourUs);
                if (isRight) aheadUs.ShouldBeLessThanOrEqualTo(StepUs);
            }
        }
    }
}
