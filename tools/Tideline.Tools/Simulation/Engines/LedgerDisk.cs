using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// All shards of a simulated installation: what is left of the strong tier when every process has ended. Processes hold
/// handles on it, <see cref="SimulatedLedgerStore"/>.
/// </summary>
internal sealed class LedgerDisk
{
    private readonly ShardDisk[] _shards;
    private readonly int _groups;
    private long _writers;

    /// <summary>New data.</summary>
    /// <param name="shards">The number of shards.</param>
    /// <param name="installation">The installation's id.</param>
    /// <param name="groups">The groups of servers that the shards are spread over. Those of one group take keys of each
    /// other. 0: each shard stands alone, as a file of its own.</param>
    public LedgerDisk(int shards, Guid installation, int groups = 0)
    {
        (Map, _groups) = (new ShardMap(shards), groups);
        Placement = Placement.Over(shards, Math.Max(1, groups));
        _shards = [.. Enumerable.Range(0, shards).Select(shard => new ShardDisk(shard))];
        var first = new EpochRow(1, installation, 0, 0, 0, 0, "new data");
        foreach (var shard in _shards) shard.Change(tables => tables.Epochs.Add(first));
    }

    public ShardMap Map { get; }

    public Placement Placement { get; }

    /// <summary>Whether a commit is durable when it returns, as on a server; the sync then does nothing.</summary>
    public bool IsDurableAtCommit { get; init; }

    /// <summary>
    /// Whether a read that begins while commits are not durable sees them and waits until they are, as it does in
    /// SQLite. If not, it answers at once from what is durable.
    /// </summary>
    public bool ReadsWaitForSync { get; init; } = true;

    /// <summary>Guards all shards: a batch may write to several.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>As <see cref="ILedgerStore.TakesKeysOf"/>.</summary>
    public bool TakesKeysOf(int shard, int home) => _groups > 0 && shard % _groups == home % _groups;

    /// <summary>Batches of a shard that are committed and not durable.</summary>
    public int UnsyncedBatches(int shard)
    {
        lock (Gate) return _shards[shard].Unsynced;
    }

    /// <summary>
    /// The machine of a shard ended: of the batches that were not durable, the first ones are, and the others are gone.
    /// </summary>
    public void Crash(int shard, int survivors)
    {
        lock (Gate) _shards[shard].Crash(survivors);
    }

    /// <summary>
    /// A replica that was behind was promoted: the newest durable batches of a shard are gone, and with them everything
    /// that was not durable, and acquisitions and epochs that came later. Those who own the shard find out.
    /// </summary>
    public void LoseTail(int shard, int batches)
    {
        lock (Gate) _shards[shard].LoseTail(batches);
    }

    /// <summary>
    /// A shard loses its newest batches until it lacks so many of its events, or as many as it has.
    /// </summary>
    /// <returns>The number of its newest event then.</returns>
    public long LoseEvents(int shard, int events)
    {
        lock (Gate)
        {
            var least = Math.Max(0, _shards[shard].Durable.Events.LastNumber - events);
            // The newest batches may have sealed a block, or moved a saga, and have no event.
            while (_shards[shard].Durable.Events.LastNumber > least) _shards[shard].LoseTail(1);
            return _shards[shard].Durable.Events.LastNumber;
        }
    }

    /// <summary>A backup of all shards, of one moment: how far each had come.</summary>
    public IReadOnlyList<int> Backup()
    {
        lock (Gate) return [.. _shards.Select(shard => shard.DurableChanges)];
    }

    /// <summary>All shards are put back to a backup; no process may own one.</summary>
    public void Restore(IReadOnlyList<int> backup)
    {
        lock (Gate)
        {
            foreach (var (shard, changes) in _shards.Zip(backup)) shard.ReturnTo(changes);
        }
    }

    /// <summary>
    /// Edits the rows of a shard behind the program's back, durably. The edit is carried out on several tables.
    /// </summary>
    public void Tamper(int shard, Action<ShardTables> edit)
    {
        lock (Gate) _shards[shard].Change(edit);
    }

    /// <summary>One shard, under the <see cref="Gate"/>.</summary>
    internal ShardDisk Of(int shard) => _shards[shard];

    /// <summary>A number for a handle that writes.</summary>
    internal long NextWriter() => Interlocked.Increment(ref _writers);
}
