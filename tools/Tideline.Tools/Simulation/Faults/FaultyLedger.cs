using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Tools.Simulation.Faults;

/// <summary>A strong tier whose calls go wrong as the contract allows.</summary>
internal sealed class FaultyLedger(ILedgerStore store, EngineFaults faults) : ILedgerStore
{
    public ShardMap Map => store.Map;

    public Placement Placement => store.Placement;

    public ShardOwner Self => store.Self;

    public bool TakesKeysOf(int shard, int home) => store.TakesKeysOf(shard, home);

    public IReadOnlyList<EpochRow> Epochs(int shard) => store.Epochs(shard);

    public ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel) =>
        store.BeginEpochAsync(shard, epoch, cancel);

    public IShardStore OpenWriter(int shard) => new FaultyShard(store.OpenWriter(shard), faults);

    public IShardReader OpenReader(int shard) =>
        FaultyEngine.Around(store.OpenReader(shard), faults, EngineCalls.Reader);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private sealed class FaultyShard(IShardStore shard, EngineFaults faults) : IShardStore
    {
        private bool _isBroken;

        public int Shard => shard.Shard;

        public bool WaitsAtCommit => shard.WaitsAtCommit;

        public Task Wanted => shard.Wanted;

        public bool HasLease => shard.HasLease;

        public async ValueTask<ShardHead> AcquireAsync(CancellationToken cancel)
        {
            await faults.BeforeAsync("acquire");
            var head = await shard.AcquireAsync(cancel);
            await faults.AfterAsync();
            return faults.IsAnswerLost() ? throw faults.Lost("acquire") : head;
        }

        public async ValueTask RenewAsync()
        {
            await faults.BeforeAsync("renew");
            await shard.RenewAsync();
            await faults.AfterAsync();
            if (faults.IsAnswerLost()) throw faults.Lost("renew");
        }

        public async ValueTask<BatchRows> BeginAsync(BatchKeys keys)
        {
            await faults.BeforeAsync("begin");
            var rows = await shard.BeginAsync(keys);
            await faults.AfterAsync();
            return rows;
        }

        // A COMMIT whose answer is lost on its way from a server ends the writer: see MySqlShardStore. A file has none.
        public async ValueTask<bool> CommitAsync(BatchWrites writes)
        {
            if (faults.IsRepeated())
            {
                await shard.RollbackAsync();
                return false;
            }

            await faults.BeforeAsync("commit");
            var isCommitted = await shard.CommitAsync(writes);
            await faults.AfterAsync();
            return isCommitted && shard.WaitsAtCommit && faults.IsAnswerLost()
                ? throw faults.Lost("commit", ErrorCode.NotOwner)
                : isCommitted;
        }

        // A flush that failed leaves a store that can no longer be used.
        public async ValueTask SyncAsync()
        {
            if (_isBroken) throw faults.Lost("an earlier flush");
            await faults.AfterAsync();
            if (shard.WaitsAtCommit || !faults.IsAnswerLost())
            {
                await shard.SyncAsync();
                await faults.AfterAsync();
                return;
            }

            _isBroken = faults.Process.IsBroken = true;
            if (faults.Below(2) == 0) await shard.SyncAsync();
            throw faults.Lost("the flush");
        }

        public ValueTask RollbackAsync() => shard.RollbackAsync();

        public ValueTask DisposeAsync() => shard.DisposeAsync();
    }
}
