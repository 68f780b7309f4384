using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Cache.Memory;
using Tideline.Kernel;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Tests.Races;

/// <summary>Threads that read through one cache while others change what is cached.</summary>
public sealed class CacheRaceTests
{
    private static readonly Gen<(int Key, int Times)> Burst = Gen.Select(Gen.Int[0, 2], Gen.Int[1, 800]);

    [Fact]
    public async Task A_key_never_goes_back_and_nothing_older_than_an_invalidation_is_read()
    {
        var hits = 0L;
        await Sampling.RunAsync(() => Gen.Const(() => (new CacheRace(), new Calls()))
            .SampleParallel(
                Burst.Operation<CacheRace, Calls>(
                    burst => $"read {burst.Key}, {burst.Times} times",
                    (race, burst) => race.ReadAsync(burst.Key, burst.Times).GetAwaiter().GetResult(),
                    (calls, burst) => calls.Reads += burst.Times),
                Burst.Operation<CacheRace, Calls>(
                    burst => $"write {burst.Key}, {burst.Times} times",
                    (race, burst) => race.WriteAsync(burst.Key, burst.Times).GetAwaiter().GetResult(),
                    (calls, burst) => calls.Writes += burst.Times),
                equal: (race, calls) =>
                {
                    hits += race.Hits;
                    return race.Finds == calls.Reads && race.Fills == calls.Reads - race.Hits
                        && race.Invalidations == calls.Writes;
                },
                maxSequentialOperations: 1, maxParallelOperations: 6, iter: 150, threads: 3,
                printActual: race => $"{race.Finds} finds, {race.Fills} fills, {race.Invalidations} invalidations"));
        hits.ShouldBePositive();
    }

    private sealed class Calls
    {
        public long Reads { get; set; }

        public long Writes { get; set; }
    }

    /// <summary>
    /// Three keys with a version each, as a store would count them, in a cache so small that it forgets now and then.
    /// </summary>
    private sealed class CacheRace
    {
        private const int Keys = 3, Segments = 16;
        private readonly ViewCache _cache;
        private readonly FreshnessProof _horizon;
        private readonly long[] _stored = new long[Keys];
        private readonly Highest[] _floors = [new(), new(), new()];

        public CacheRace()
        {
            var time = new FakeTimeProvider();
            _cache = new ViewCache(new MemoryCache(time, 2 * Segments, 65_536 * Segments), time);
            _cache.BelieveAfter(time.NowUs() - 1);
            _horizon = new FreshnessProof(time.NowUs(), [0]);
        }

        public long Hits => _cache.Counts[CacheOutcome.Hit];

        public long Finds => Hits + _cache.Counts[CacheOutcome.Miss];

        public long Fills => _cache.Counts[CacheOutcome.Filled] + _cache.Counts[CacheOutcome.FillRefused];

        public long Invalidations => _cache.Counts[CacheOutcome.Invalidated];

        /// <summary>Reads as a query does: from the cache, or from the store, which fills the cache.</summary>
        public async Task ReadAsync(int key, int times)
        {
            for (var time = 0; time < times; time++)
            {
                var floor = _floors[key].Value;
                var find = await _cache.FindAsync(Name(key), ReadConsistency.Eventual, default);
                if (find.Json is { } json)
                {
                    var version = BitConverter.ToInt64(json.Span);
                    version.ShouldBeGreaterThanOrEqualTo(floor, "a version, or a later one, was read or announced");
                    _floors[key].Raise(version);
                    continue;
                }

                var stored = Volatile.Read(ref _stored[key]);
                var document = new Document(Name(key), stored, BitConverter.GetBytes(stored));
                await _cache.FillAsync(Name(key), find.Lease, _horizon, document, default);
            }
        }

        /// <summary>Changes the store, and announces the change.</summary>
        public async Task WriteAsync(int key, int times)
        {
            for (var time = 0; time < times; time++)
            {
                var version = Interlocked.Increment(ref _stored[key]);
                (await _cache.InvalidateAsync(Name(key), version, default)).ShouldBeTrue();
                _floors[key].Raise(version);
            }
        }

        private static string Name(int key) => ViewCache.Key("numbers", $"{key}");
    }
}
