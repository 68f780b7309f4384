using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>The strong tier as the rest of the program sees it: commands in, durable replies out, strong reads beside.</summary>
public sealed class GeneralLedger : IAsyncDisposable
{
    /// <summary>Acquires every shard of the store and starts their writers.</summary>
    public static Task<GeneralLedger> StartAsync(ILedgerStore store, TimeProvider time, IdGenerator ids, ILogger logger, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>How ids map to shards.</summary>
    public ShardMap Map => throw new NotImplementedException();

    /// <summary>Where ids come from.</summary>
    public IdGenerator Ids => throw new NotImplementedException();

    /// <summary>Strong reads of a shard.</summary>
    public IShardReader Reader(int shard) => throw new NotImplementedException();

    /// <summary>Strong reads of the shard that an id lives on.</summary>
    public IShardReader ReaderOf(Guid id) => Reader(Map.ShardOf(id));

    /// <summary>
    /// Carries out a command once and answers when that is durable. An <see cref="Commands.OpenAccount"/> also checks that its customer exists and claims its IBAN.
    /// </summary>
    /// <exception cref="TidelineException">Overloaded, StorageUnavailable, NotOwner, ShuttingDown: safe to repeat with the same key.</exception>
    public Task<Reply> ExecuteAsync(LedgerCommand command, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The account that an IBAN belongs to; null when none does.</summary>
    public ValueTask<Guid?> FindIbanAsync(string iban, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The newest committed position of a shard and its commit time, without asking the store.</summary>
    public (long EventSeq, long MessageSeq, long TimeUs) CommittedHead(int shard) => throw new NotImplementedException();

    /// <summary>Completes when the shard has an event or a message after these, or when the time is over: what the relay waits on.</summary>
    public ValueTask WaitForCommitAsync(int shard, long afterEventSeq, long afterMessageSeq, TimeSpan timeout, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Commands waiting for a shard.</summary>
    public int QueueDepth(int shard) => throw new NotImplementedException();

    /// <summary>Lets the writer of a shard forget messages that are on the log.</summary>
    public void ForgetMessages(int shard, long throughSeq) => throw new NotImplementedException();

    /// <summary>Drains the queues, then releases the shards.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
