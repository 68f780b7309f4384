using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// Background work of a shard's owner: one loop per shard, which runs while this process owns the shard. A shard that
/// fails or hangs does not delay the others.
/// </summary>
internal sealed class OwnedShardLoops : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(LedgerLimits.OwnershipPollMs);
    private readonly BackgroundLoop[] _loops;

    /// <param name="ledger">The ledger whose shards the loops work on.</param>
    /// <param name="name">The part's name, as shown to operators; the shard is appended.</param>
    /// <param name="pass">One pass over a shard.</param>
    /// <param name="interval">The rest between two passes; zero if the pass itself waits for work.</param>
    /// <param name="time">The clock of rests and heartbeats.</param>
    /// <param name="logger">As of <see cref="BackgroundLoop"/>.</param>
    /// <param name="stallMs">As of <see cref="BackgroundLoop"/>.</param>
    public OwnedShardLoops(
        GeneralLedger ledger, string name, Func<int, CancellationToken, Task> pass, TimeSpan interval,
        TimeProvider time, ILogger logger, int stallMs = Limits.LoopStallMs) =>
        _loops =
        [
            .. Enumerable.Range(0, ledger.Map.Shards).Select(shard => new BackgroundLoop(
                $"{name} of shard {shard}",
                cancel => ledger.Owns(shard) ? pass(shard, cancel) : Task.Delay(Poll, time, cancel),
                interval, time, logger, stallMs)),
        ];

    /// <summary>
    /// Why the work of a shard is not done, in a sentence, for the first such shard; null while all loops work.
    /// </summary>
    public string? Fault => _loops.Select(loop => loop.Fault).FirstOrDefault(fault => fault is not null);

    /// <summary>Starts every loop.</summary>
    public void Start()
    {
        foreach (var loop in _loops) loop.Start();
    }

    /// <summary>Cancels the present passes and returns when they have ended.</summary>
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_loops.Select(loop => loop.DisposeAsync().AsTask()));
}
