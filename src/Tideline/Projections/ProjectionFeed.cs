using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>What comes next on each shard, for all projections of this process: see <see cref="ShardFeed"/>.</summary>
internal sealed class ProjectionFeed(GeneralLedger ledger, ILog log, TimeProvider time) : IDisposable
{
    /// <summary>The consumer group of the log.</summary>
    public const string Group = "views";

    private const int MostRestMs = 50;

    private readonly SourceHistory _sources = new(ledger.Epochs);
    private readonly Lock _lock = new();
    private readonly List<Projector> _readers = [];
    private ShardFeed[] _shards = [];
    private long _epoch;

    /// <summary>Registers a reader.</summary>
    public void Add(Projector reader) => _readers.Add(reader);

    /// <summary>
    /// Begins anew for an owner's epoch, once: another process read the log until now, and is further.
    /// </summary>
    public void Begin(long epoch)
    {
        lock (_lock)
        {
            if (epoch == _epoch) return;
            _epoch = epoch;
            _shards = [.. Enumerable.Range(0, ledger.Map.Shards)
                .Select(shard => new ShardFeed(shard, ledger, log, _sources))];
        }
    }

    /// <summary>
    /// Reads a shard's next events. Where shards go alone, one whose read takes long keeps no other waiting: it answers
    /// null, and what it reads is taken by a later pass.
    /// </summary>
    /// <param name="shard">Where it stands; a read that is given up changes nothing of it.</param>
    /// <param name="areAlone">Whether shards go alone.</param>
    /// <param name="stop">Ends the read.</param>
    /// <param name="cancel">Ends the wait for it.</param>
    public async Task<FeedRead?> ReadAsync(
        ShardProgress shard, bool areAlone, CancellationToken stop, CancellationToken cancel)
    {
        shard.Reading ??= _shards[shard.Shard].ReadAsync(shard.Watermark, shard.IsLedgerRead, stop);
        var reading = shard.Reading;
        if (areAlone && !reading.IsCompleted)
        {
            using var rest = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(
                reading, Task.Delay(TimeSpan.FromMilliseconds(ViewLimits.ProjectionPollMs), time, rest.Token));
            await rest.CancelAsync();
            if (!reading.IsCompleted) return null;
        }

        shard.Reading = null;
        return await reading.WaitAsync(cancel);
    }

    /// <summary>Tells the log how far all projections are.</summary>
    public Task CommitAsync(IReadOnlyList<ShardProgress> shards, CancellationToken cancel) =>
        Task.WhenAll(shards.Select(shard => _shards[shard.Shard].CommitAsync(
            _readers.Select(reader => reader.Watermark(shard.Shard)), cancel)));

    /// <summary>
    /// Completes when the next pass is due. Under load a projection works half the time: the next pass takes more
    /// events, and a document that many of them change is written once. The first event after a quiet while does not
    /// wait, and a full batch is followed at once.
    /// </summary>
    /// <param name="taken">How many events the pass took.</param>
    /// <param name="took">How long it worked.</param>
    public Task RestAsync(IReadOnlyList<ShardProgress> shards, int taken, TimeSpan took, CancellationToken cancel) =>
        taken switch
        {
            0 => WaitAsync(shards, cancel),
            < ShardFeed.BatchEvents =>
                Task.Delay(TimeSpan.FromMilliseconds(Math.Min(MostRestMs, took.TotalMilliseconds)), time, cancel),
            _ => Task.CompletedTask,
        };

    // Until any shard has something to read, or for a while.
    private async Task WaitAsync(IReadOnlyList<ShardProgress> shards, CancellationToken cancel)
    {
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var timeout = TimeSpan.FromMilliseconds(ViewLimits.ProjectionPollMs);
        var waits = new List<Task>();
        foreach (var shard in shards)
        {
            // One that stopped, or rests, is looked at again after a while, and must not be asked without a rest.
            if (shard.Fault is not null || shard.FailedAt is not null) continue;
            if (_shards[shard.Shard].WaitOffset(shard.Watermark.Seq) is not { } offset) return;
            waits.Add(log.WaitAsync(Topics.AccountEvents, shard.Shard, offset, timeout, any.Token).AsTask());
        }

        waits.Add(Task.Delay(timeout, time, any.Token));
        await Task.WhenAny(waits);
        await any.CancelAsync();
        var isFaulty = false;
        foreach (var wait in waits)
        {
            try
            {
                await wait;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // Another shard was first.
                continue;
            }
            catch (TidelineException)
            {
                // The next read of this shard says what is wrong, and concerns no other. Until then it must not be
                // asked without a rest.
                isFaulty = true;
            }
        }

        if (isFaulty) await Task.Delay(timeout, time, cancel);

        foreach (var shard in shards) shard.LagMs();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in _shards) shard.Dispose();
    }
}
