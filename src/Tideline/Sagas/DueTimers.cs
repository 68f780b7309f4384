using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Continuously scans for work that has become due: timers and deadlines of sagas, and the due work that services
/// registered. Recovery after a crash needs nothing else.
/// </summary>
public sealed partial class DueTimers : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(SagaLimits.TimerPollMs);
    private readonly GeneralLedger _ledger;
    private readonly SagaDefinitions _definitions;
    private readonly IReadOnlyList<DueWork> _others;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OwnedShardLoops _loops;

    /// <summary>Start it with <see cref="Start"/>.</summary>
    public DueTimers(GeneralLedger ledger, SagaDefinitions definitions, IReadOnlyList<DueWork> others,
        TimeProvider time, ILogger<DueTimers> logger)
    {
        (_ledger, _definitions, _others, _time, _logger) = (ledger, definitions, others, time, logger);
        _loops = new OwnedShardLoops(ledger, "due timers", RoundAsync, TimeSpan.Zero, time, logger);
    }

    /// <summary>Why timers do not fire; null while they do.</summary>
    public string? Fault => _loops.Fault;

    /// <summary>Starts to fire the timers of every shard of the process.</summary>
    public void Start() => _loops.Start();

    /// <summary>Scans one shard once. Returns how much was due.</summary>
    public async Task<int> FireDueAsync(int shard, CancellationToken cancel)
    {
        var nowUs = _ledger.NowUs(shard);
        var sagas = await _ledger.Reader(shard).GetDueSagasAsync(nowUs, SagaLimits.TimerRows, cancel);
        var work = sagas.Select(saga => WakeAsync(shard, saga)).ToList();
        foreach (var other in _others)
        {
            var due = await other.Find(_ledger.Reader(shard), nowUs, cancel);
            work.AddRange(due.Select(command => _ledger.SubmitHereAsync(shard, command)));
        }

        await Task.WhenAll(work);
        return work.Count;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loops.DisposeAsync();

    // A saga that cannot be advanced does not hold up the others: it is parked for an operator.
    private async Task WakeAsync(int shard, SagaRow saga)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await _ledger.SubmitHereAsync(
                    shard, SagaMoves.Of(saga, shard, _ledger.Map, SagaTrigger.Wake, _definitions));
                return;
            }
            catch (TidelineException fault) when (!fault.IsTransient)
            {
                // The fault may have come from its batch.
                if (fault.Code == ErrorCode.Internal && attempt < SagaLimits.MessageAttempts) continue;
                SagaParked(_logger, shard, saga.Id, fault);
                await _ledger.SubmitHereAsync(shard, new ParkSaga(saga.Id));
                return;
            }
        }
    }

    private async Task RoundAsync(int shard, CancellationToken cancel)
    {
        if (await FireDueAsync(shard, cancel) < SagaLimits.TimerRows) await Task.Delay(Interval, _time, cancel);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard}: saga {SagaId} cannot be advanced; parked.")]
    private static partial void SagaParked(ILogger logger, int shard, Guid sagaId, Exception fault);
}
