using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>One process's handle on a <see cref="LedgerDisk"/>. A process that is killed just leaves it.</summary>
internal sealed class SimulatedLedgerStore : ILedgerStore
{
    private readonly LedgerDisk _disk;
    private readonly TimeProvider _time;
    private readonly IReadOnlySet<int>? _own;
    private readonly int _leaseMs;
    private readonly IReadOnlyList<EpochRow>[] _epochs;

    /// <summary>Opens the data.</summary>
    /// <param name="disk">The data.</param>
    /// <param name="time">The clock that leases are measured with: the server's, the same for all processes.</param>
    /// <param name="self">This process as an owner of shards.</param>
    /// <param name="own">The shards that this process prefers; null: every shard.</param>
    /// <param name="leaseMs">How long a process keeps a shard without renewing its lease.</param>
    public SimulatedLedgerStore(LedgerDisk disk,
        TimeProvider time, ShardOwner self, IReadOnlySet<int>? own = null, int leaseMs = LedgerLimits.LeaseMs)
    {
        (_disk, _time, Self, _own, _leaseMs) = (disk, time, self, own, leaseMs);
        lock (disk.Gate) _epochs = [.. Enumerable.Range(0, Map.Shards).Select(EpochsOf)];
    }

    /// <inheritdoc/>
    public ShardMap Map => _disk.Map;

    /// <inheritdoc/>
    public Placement Placement => _disk.Placement;

    /// <inheritdoc/>
    public ShardOwner Self { get; }

    /// <inheritdoc/>
    public bool TakesKeysOf(int shard, int home) => _disk.TakesKeysOf(shard, home);

    /// <inheritdoc/>
    public IReadOnlyList<EpochRow> Epochs(int shard) => shard >= 0 && shard < Map.Shards ? _epochs[shard] : [];

    /// <summary>As above. Where another process began the same epoch, the first one counts.</summary>
    public ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_disk.Gate)
        {
            var there = _disk.Of(Require(shard));
            if (!there.Written.Epochs.Exists(row => row.Number == epoch.Number))
                there.Change(tables => Add(tables, epoch));
            _epochs[shard] = EpochsOf(shard);
            return ValueTask.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public IShardStore OpenWriter(int shard) => new SimulatedShardStore(_disk, Require(shard),
        new ShardLease(shard, Self, _own?.Contains(shard) ?? true, _leaseMs), this, _time);

    /// <inheritdoc/>
    public IShardReader OpenReader(int shard) => new SimulatedShardReader(_disk, Require(shard), _time);

    /// <summary>Nothing: the writers release what they own.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void Add(ShardTables tables, EpochRow epoch)
    {
        tables.Epochs.Add(epoch);
        tables.Epochs.Sort(static (left, right) => left.Number.CompareTo(right.Number));
    }

    private IReadOnlyList<EpochRow> EpochsOf(int shard) => [.. _disk.Of(shard).Durable.Epochs];

    private int Require(int shard) => shard >= 0 && shard < Map.Shards
        ? shard
        : throw new ArgumentOutOfRangeException(nameof(shard), shard, $"There are {Map.Shards} shards.");
}
