using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Sagas;

/// <summary>
/// Looks, all the time, for what time has made due: saga timers and deadlines, holds past their expiry. Recovery after a crash is nothing else.
/// </summary>
public sealed partial class Sweep(GeneralLedger ledger, SagaDefinitions definitions, TimeProvider time, ILogger<Sweep> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(Limits.SweepIntervalMs);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Starts sweeping every shard of the process.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>One look at one shard. Returns how much was due.</summary>
    public async Task<int> SweepAsync(int shard, CancellationToken cancel)
    {
        var nowUs = time.NowUs();
        var sagas = await ledger.Reader(shard).GetDueSagasAsync(nowUs, Limits.SweepRows, cancel);
        var holds = await ledger.Reader(shard).GetExpiredHoldsAsync(nowUs, Limits.SweepRows, cancel);
        var work = new List<Task>(sagas.Count + holds.Count);
        work.AddRange(sagas.Select(saga => WakeAsync(shard, saga)));
        foreach (var hold in holds)
        {
            if (await ledger.Reader(shard).GetAccountAsync(hold.AccountId, cancel) is { } account)
                work.Add(ledger.SubmitHereAsync(shard, new ReleaseHold(hold.Id, hold.AccountId, account.Currency, Expired: true)));
        }

        await Task.WhenAll(work);
        return work.Count;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    // One saga that cannot be moved holds up no other: it is parked, and an operator sees it.
    private async Task WakeAsync(int shard, SagaRow saga)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ledger.SubmitHereAsync(shard, MoveSaga.Of(saga, shard, SagaMove.Wake, definitions));
                return;
            }
            catch (TidelineException fault) when (!fault.IsTransient)
            {
                // What failed inside may have been its batch.
                if (fault.Code == ErrorCode.Internal && attempt < Limits.SagaMessageAttempts) continue;
                SagaParked(logger, shard, saga.Id, fault);
                await ledger.SubmitHereAsync(shard, new ParkSaga(saga.Id));
                return;
            }
        }
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var due = 0;
                await ledger.ForOwnedAsync(async shard => due += await SweepAsync(shard, _stop.Token), (shard, fault) => SweepFailed(logger, shard, fault), _stop.Token);
                if (due < Limits.SweepRows) await Task.Delay(Interval, time, _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard}: saga {SagaId} cannot be moved; it is parked.")]
    private static partial void SagaParked(ILogger logger, int shard, Guid sagaId, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The sweep of shard {Shard} failed and will go on.")]
    private static partial void SweepFailed(ILogger logger, int shard, Exception fault);
}
