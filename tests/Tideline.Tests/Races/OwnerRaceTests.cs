using System.Collections.Concurrent;
using System.Reflection;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Races;

/// <summary>A process that stands by, whose threads all look who owns a shard.</summary>
public sealed class OwnerRaceTests
{
    // A command that was sent to an owner is given up when the owner has lost the shard: if nobody said so, it would
    // wait for the answer of a process that has gone.
    [Fact]
    public async Task Everybody_who_saw_an_owner_hears_when_there_is_another()
    {
        var folder = Bank.NewFolder();
        await using (var store = SqliteLedgerStore.Open(folder, 1))
        {
            await Sampling.RunAsync(() => Gen.Const(() => (new OwnerRace(store), 0))
                .SampleParallel(
                    Gen.Int[1, 300].Operation<OwnerRace, int>(
                        times => $"look {times} times",
                        (race, times) => race.LookAsync(times).GetAwaiter().GetResult(), (_, _) => { }),
                    equal: (race, _) => race.AllHeard, maxSequentialOperations: 0, maxParallelOperations: 5,
                    iter: 100, threads: 3, printActual: race => race.AllHeard ? "all heard" : "one did not hear"));
        }

        Directory.Delete(folder, recursive: true);
    }

    private sealed class OwnerRace(ILedgerStore store)
    {
        private readonly Lazy<ShardOwnership> _slot = new(() => StartAsync(store).GetAwaiter().GetResult());
        private readonly ConcurrentBag<ObservedOwner> _seen = [];

        public bool AllHeard => _seen.Distinct().All(owner =>
            owner.Left.IsCancellationRequested != (owner == _slot.Value.Owner));

        public async Task LookAsync(int times)
        {
            for (var time = 0; time < times; time++)
            {
                await _slot.Value.LookAsync(default);
                if (_slot.Value.Owner is { } owner) _seen.Add(owner);
            }
        }

        // It never becomes reachable, so it never acquires the shard.
        private static Task<ShardOwnership> StartAsync(ILedgerStore store) => ShardOwnership.StartAsync(
            store, new ShardContext(0, store.Map, new SystemAccounts(store.Map), _ => false), MovingShard.Create(),
            _ => Task.FromResult<HistoryFault?>(null), static _ => { }, new TaskCompletionSource().Task,
            new FakeTimeProvider(), NullLogger.Instance, default);
    }

    /// <summary>A shard that has another owner at each look.</summary>
    public class MovingShard : DispatchProxy
    {
        private static readonly ShardHead Head = new(0, 1, 1, 0, 0, [], 0, 1);

        private static readonly ShardOwner?[] Owners =
        [
            new("one", "http://one", Guid.Parse("00000000-0000-0000-0000-000000000001")),
            new("two", "http://two", Guid.Parse("00000000-0000-0000-0000-000000000002")),
            null,
        ];

        private int _looks;

        internal static IShardReader Create() => Create<IShardReader, MovingShard>();

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            nameof(IShardReader.GetHeadAsync) => new ValueTask<ShardHead>(Head),
            nameof(IShardReader.GetOwnerAsync) => new ValueTask<ShardOwner?>(
                Owners[(uint)Interlocked.Increment(ref _looks) % Owners.Length]),
            _ => throw new NotSupportedException(targetMethod.Name),
        };
    }
}
