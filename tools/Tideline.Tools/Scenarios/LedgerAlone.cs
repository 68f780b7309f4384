#pragma warning disable CA2000 // The store lives as long as the ledger; DisposeAsync ends both.
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services.Payments;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>The strong tier with its payments service in this process; no relay, no projections, no HTTP.</summary>
internal sealed class LedgerAlone : IAsyncDisposable
{
    private readonly ILedgerStore _store;

    private LedgerAlone(ILedgerStore store, GeneralLedger ledger, TimeProvider time) =>
        (_store, Ledger, Payments) = (store, ledger, new Transfers(ledger, new SagaWaiters(ledger), time));

    public GeneralLedger Ledger { get; }

    public Transfers Payments { get; }

    public static async Task<LedgerAlone> StartAsync(
        Installation installation, TimeProvider time, CancellationToken cancel)
    {
        var store = await installation.OpenLedgerAsync(cancel);
        return new LedgerAlone(store,
            await GeneralLedger.StartAsync(store, time, new IdGenerator(time), NullLogger.Instance, cancel), time);
    }

    public async ValueTask DisposeAsync()
    {
        await Ledger.DisposeAsync();
        await _store.DisposeAsync();
    }
}
