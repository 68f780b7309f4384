using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Ledger.Installation;

namespace Tideline.Tests.Races;

/// <summary>Parts of a node that name witnesses while shards are compared with those that are known.</summary>
public sealed class WitnessRaceTests
{
    // A witness that was forgotten would not be missed: its shard would be used although commands are lost.
    [Fact]
    public Task Every_witness_that_was_added_is_asked() => Sampling.RunAsync(() =>
        Gen.Const(() => (new WitnessRace(), new HashSet<int>()))
            .SampleParallel(
                Gen.Int[0, 3].Operation<WitnessRace, HashSet<int>>(
                    number => $"add {number}", (race, number) => race.Add(number),
                    (witnesses, number) => witnesses.Add(number)),
                Gen.Operation<WitnessRace, HashSet<int>>(
                    "compare", race => race.CompareAllAsync().GetAwaiter().GetResult(), _ => { }),
                equal: (race, witnesses) =>
                    race.AskedAsync().GetAwaiter().GetResult().All(asked => asked.SetEquals(witnesses)),
                maxSequentialOperations: 1, maxParallelOperations: 5, iter: 150, threads: 3,
                printActual: race => string.Join("; ", race.AskedAsync().GetAwaiter().GetResult().Select(
                    asked => string.Join(' ', asked)))));

    /// <summary>Some guards, to each of which the same witnesses are added.</summary>
    private sealed class WitnessRace
    {
        private const int Guards = 12;
        private readonly Meeting _meeting = new(Guards);
        private readonly HistoryGuard[] _guards = [.. Enumerable.Range(0, Guards).Select(_ =>
            new HistoryGuard(new FakeTimeProvider(), NullLogger.Instance))];

        public void Add(int number)
        {
            for (var at = 0; at < Guards; at++)
            {
                _meeting.Arrive(at);
                _guards[at].Add(new Witness($"{number}", (_, _) =>
                {
                    Asked.Value?.Add(number);
                    return ValueTask.FromResult<ManifestHead?>(null);
                }));
            }
        }

        public async Task CompareAllAsync()
        {
            // They saw nothing, so the shard is not read.
            foreach (var guard in _guards) (await guard.FindFaultAsync(null!, 0, default)).ShouldBeNull();
        }

        public async Task<IReadOnlyList<HashSet<int>>> AskedAsync()
        {
            var all = new List<HashSet<int>>();
            foreach (var guard in _guards)
            {
                Asked.Value = [];
                await guard.FindFaultAsync(null!, 0, default);
                all.Add(Asked.Value);
            }

            return all;
        }

        private static AsyncLocal<HashSet<int>?> Asked { get; } = new();
    }
}
