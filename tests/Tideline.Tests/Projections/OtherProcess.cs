using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;
using Tideline.Views;
using Tideline.Tools.Load;

namespace Tideline.Tests.Projections;

/// <summary>
/// Another process over the log and the views of a stage. The embedded ledger lets one process in, so it has a copy as
/// of now: with the shards for its own, in a later epoch, or with all of them owned by somebody else.
/// </summary>
internal sealed class OtherProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly SqliteLedgerStore _store;

    private OtherProcess(
        TemporaryFolder folder, SqliteLedgerStore store, GeneralLedger ledger, ProjectionHost host,
        CustomerViews reads) =>
        (_folder, _store, Ledger, Host, Reads) = (folder, store, ledger, host, reads);

    public GeneralLedger Ledger { get; }

    public ProjectionHost Host { get; }

    public Projection Customers => Host["customers"];

    public CustomerViews Reads { get; }

    public static async Task<OtherProcess> StartAsync(Stage stage, bool owns, IViewStore? views = null)
    {
        var folder = new TemporaryFolder("other");
        var copy = Directory.CreateDirectory(Path.Combine(folder.Path, "ledger")).FullName;
        foreach (
            var file in Directory.GetFiles(Path.Combine(stage.Folder, "ledger"))
            .Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        var store = SqliteLedgerStore.Open(folder.Path, 2);
        var ledger = await GeneralLedger.StartAsync(
            store, stage.Bank.Time, new IdGenerator(stage.Bank.Time), NullLogger.Instance, default, owns ? null
                : new TaskCompletionSource().Task);
        var host =
            await ProjectionHost.CreateAsync(
                BankServices.Projections, ledger, stage.Log, views ?? stage.Views, stage.Bank.Time,
                    NullLoggerFactory.Instance,
                    default);
        var reads = CustomerViews.Create(Stage.ReadsOf(ledger, host, views ?? stage.Views, stage.Bank.Time));
        return new OtherProcess(folder, store, ledger, host, reads);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Ledger.DisposeAsync();
        await _store.DisposeAsync();
        _folder.Dispose();
    }
}
