using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger;

/// <summary>A shard of an engine with its writer and a reader.</summary>
public abstract class ShardStoreStage : IAsyncLifetime
{
    protected const int Shard = 1;

    private protected IShardStore Store { get; private set; } = null!;

    private protected IShardReader Reader { get; private set; } = null!;

    private protected ShardHead Head { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract ILedgerStore Ledger { get; }

    /// <summary>As if nothing had been heard of the owner for long.</summary>
    private protected virtual Task EndLeaseAsync() => Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        await OpenAsync();
        Store = Ledger.OpenWriter(Shard);
        Head = await Store.AcquireAsync(Cancel);
        Reader = Ledger.OpenReader(Shard);
    }

    public async ValueTask DisposeAsync()
    {
        // A test that was skipped has opened nothing.
        if (Reader is not null) await Reader.DisposeAsync();
        if (Store is not null) await Store.DisposeAsync();
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes <see cref="Ledger"/>.</summary>
    private protected virtual ValueTask OpenAsync() => ValueTask.CompletedTask;

    private protected abstract ValueTask CloseAsync();

    private protected Task CommitAsync(Action<BatchWrites> fill)
    {
        var writes = new BatchWrites { TimeUs = TimeUs };
        fill(writes);
        return CommitAsync(new BatchKeys(), writes);
    }

    // As the shard's writer does, whose decision here is the same each time.
    private protected async Task CommitAsync(BatchKeys keys, BatchWrites writes)
    {
        do await Store.BeginAsync(keys);
        while (!await Store.CommitAsync(writes));
        await Store.SyncAsync();
    }
}
