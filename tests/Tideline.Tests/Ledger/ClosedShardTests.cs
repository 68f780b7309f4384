using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Tests.Log;

namespace Tideline.Tests.Ledger;

/// <summary>A shard that lost acknowledged events, while another process owns it.</summary>
public sealed class ClosedShardTests : IAsyncLifetime
{
    private readonly string _folder = Bank.NewFolder();
    private readonly FakeTimeProvider _time = new();
    private readonly IShardReader _reader = ReplacedShard.Create();
    private SqliteLedgerStore _store = null!;
    private int _asked;

    private ReplacedShard Shard => (ReplacedShard)(object)_reader;

    public ValueTask InitializeAsync()
    {
        _store = SqliteLedgerStore.Open(_folder, 1);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task It_stays_closed_when_the_witness_of_the_loss_is_away()
    {
        var seen = Seen(events: 3);
        Shard.Events = 2;
        HistoryFault? fault = new("It lost event 3.", seen);
        await using var slot = await StartAsync(() => fault);
        slot.Closed.ShouldBe(fault);

        // The witness does not answer any more, so nothing is found.
        (fault, _asked) = (null, 0);
        await PassAsync();
        slot.Closed.ShouldNotBeNull().Seen.ShouldBe(seen);
        slot.WhyUnreadable.ShouldNotBeNull().Code.ShouldBe(ErrorCode.Corrupt);
        // Each question that stays without an answer would be logged.
        _asked.ShouldBe(0);

        // As long as before, but another history.
        (Shard.Events, Shard.FirstVersion) = (3, 7);
        await PassAsync();
        slot.Closed.ShouldNotBeNull();

        Shard.FirstVersion = 1;
        await Eventually.IsTrueAsync(() => Pass(slot.Closed is null));
        slot.WhyUnreadable.ShouldBeNull();
    }

    [Fact]
    public async Task It_stays_closed_when_another_fault_is_reported_while_the_first_is_checked()
    {
        var first = new HistoryFault("It lost event 3.", Seen(events: 3));
        var later = new HistoryFault("It lost event 4.", Seen(events: 4));
        ShardOwnership? slot = null;
        await using var started = slot = await StartAsync(() =>
        {
            if (slot is null) return first;
            slot.Close(later);
            return null;
        });
        Shard.Events = 3;
        await Eventually.IsTrueAsync(() => Pass(_asked > 1));
        await PassAsync();
        slot.Closed.ShouldNotBeNull().ShouldBe(later);
    }

    [Fact]
    public async Task It_opens_only_when_it_holds_the_most_that_any_witness_saw()
    {
        await using var slot = await StartAsync(() => null);
        slot.Close(new HistoryFault("It lost events 3 and 4.", Seen(events: 4)));
        slot.Close(new HistoryFault("It lost event 3 and message 9.", Seen(events: 3) with { MessageSeq = 9 }));
        slot.Closed.ShouldNotBeNull().Seen.ShouldBe(Seen(events: 4) with { MessageSeq = 9 });
        (Shard.Events, Shard.Messages) = (3, 9);
        await PassAsync();
        slot.Closed.ShouldNotBeNull();
        (Shard.Events, Shard.Messages) = (4, 8);
        await PassAsync();
        slot.Closed.ShouldNotBeNull();
        (Shard.Events, Shard.Messages) = (4, 9);
        await Eventually.IsTrueAsync(() => Pass(slot.Closed is null));
    }

    private static ManifestHead Seen(int events) =>
        new(0, events, Convert.ToHexStringLower(EventHash.Of(ReplacedShard.Event(events, 1))), 0, 1_000 + events);

    // It never becomes reachable, so it never acquires the shard.
    private Task<ShardOwnership> StartAsync(Func<HistoryFault?> findFault) => ShardOwnership.StartAsync(
        _store, new ShardContext(0, _store.Map, new SystemAccounts(_store.Map), _ => false), _reader,
        _ =>
        {
            Interlocked.Increment(ref _asked);
            return Task.FromResult(findFault());
        },
        static _ => { }, new TaskCompletionSource().Task, _time, NullLogger.Instance, default);

    // One pass of the slot that began after this, at least.
    private Task PassAsync()
    {
        var looks = Shard.Looks + 2;
        return Eventually.IsTrueAsync(() => Pass(Shard.Looks > looks));
    }

    private bool Pass(bool isSo)
    {
        if (!isSo) _time.Advance(TimeSpan.FromMilliseconds(LedgerLimits.OwnershipPollMs));
        return isSo;
    }

    /// <summary>A shard of another process, with as many events as a test says.</summary>
    public class ReplacedShard : DispatchProxy
    {
        private static readonly ShardOwner Other = new("other", "http://other", Guid.AllBitsSet);
        private int _looks;

        internal volatile int Events;

        internal volatile int Messages;

        /// <summary>The version that its first event has: another one makes another history.</summary>
        internal volatile int FirstVersion = 1;

        public int Looks => Volatile.Read(ref _looks);

        internal static IShardReader Create() => Create<IShardReader, ReplacedShard>();

        internal static LedgerEvent Event(long seq, long firstVersion) => new(
            new Position(0, seq), EventType.CustomerCreated, Guid.AllBitsSet, firstVersion + seq, 1_000 + seq,
            ReadOnlyMemory<byte>.Empty);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            switch (targetMethod!.Name)
            {
                case nameof(IShardReader.GetHeadAsync):
                    return new ValueTask<ShardHead>(
                        new ShardHead(0, 1, Events, Messages, 0, [], 0, 1_000 + Events));
                case nameof(IShardReader.GetOwnerAsync):
                    Interlocked.Increment(ref _looks);
                    return new ValueTask<ShardOwner?>(Other);
                case nameof(IShardReader.GetEventsAsync):
                    var after = (long)args![0]!;
                    return new ValueTask<IReadOnlyList<LedgerEvent>>(
                        after < Events ? [Event(after + 1, FirstVersion)] : []);
                case nameof(IAsyncDisposable.DisposeAsync):
                    return ValueTask.CompletedTask;
                default:
                    throw new NotSupportedException(targetMethod.Name);
            }
        }
    }
}
