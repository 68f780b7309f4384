#pragma warning disable CA2000 // What is opened here is on the stack of the node and is ended by it, newest first.
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Tideline.Consistency;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Audit;
using Tideline.Log;
using Tideline.Peers;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Imports;
using Tideline.Services.Payments.Statements;
using Tideline.Views;

namespace Tideline.Engines;

/// <summary>Everything of Tideline in one process, in the order in which data flows.</summary>
public sealed class TidelineNode : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _running = new();
    private readonly TaskCompletionSource _reachable = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TidelineNode(NodeOptions options) => Options = options;

    /// <summary>How it was started.</summary>
    public NodeOptions Options { get; }

    /// <summary>Where parts say what is wrong with them.</summary>
    public NodeHealth Health { get; } = new();

    /// <summary>The strong tier.</summary>
    public GeneralLedger Ledger { get; private set; } = null!;

    /// <summary>Takes the commands of other processes; null in the embedded profile.</summary>
    public CommandReceiver? Receiver { get; private set; }

    /// <summary>The bus.</summary>
    public ILog Log { get; private set; } = null!;

    /// <summary>The view tier.</summary>
    public IViewStore Views { get; private set; } = null!;

    /// <summary>Ledger → log.</summary>
    public Relay Relay { get; private set; } = null!;

    /// <summary>Log → views; null when the node runs without them.</summary>
    public ProjectionHost Projections { get; private set; } = null!;

    /// <summary>Transfers.</summary>
    public PaymentsService Payments { get; private set; } = null!;

    /// <summary>ISO 20022 files.</summary>
    public PaymentImports Imports { get; private set; } = null!;

    /// <summary>Account statements.</summary>
    public AccountStatements Statements { get; private set; } = null!;

    /// <summary>What operators do with sagas.</summary>
    public SagaOperations Sagas { get; private set; } = null!;

    /// <summary>The checks of I1, I2, I7, I8 and I9.</summary>
    public Verifier Verifier { get; private set; } = null!;

    /// <summary>Opens or makes the data and starts every part.</summary>
    /// <exception cref="TidelineException">AlreadyOwned, IncompatibleData, StorageUnavailable or Corrupt: nothing was left running.</exception>
    public static async Task<TidelineNode> StartAsync(NodeOptions options, CancellationToken cancel)
    {
        var node = new TidelineNode(options);
        try
        {
            await node.StartAsync(cancel);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Others reach this process at its address by now: it takes shards.</summary>
    public void BecomeReachable() => _reachable.TrySetResult();

    /// <summary>Drains and ends every part, last started first: nothing new is taken in, what was is finished.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_running.TryPop(out var part)) await part.DisposeAsync();
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        var (time, loggers) = (Options.Time, Options.Loggers);
        Options.Cluster?.Require();
        var owner = new ShardOwner(ShardOwner.ThisProcess, Options.Cluster?.Address ?? "", new Guid(RandomNumberGenerator.GetBytes(16)));
        IEngineSet engines = Options.Cluster is { } cluster ? new ClusterEngines(Options, cluster, owner) : new EmbeddedEngines(Options);

        // Strong tier.
        var store = Keep(await engines.OpenLedgerAsync(cancel));
        if (Options.Carry is null) BecomeReachable();
        Ledger = Keep(await GeneralLedger.StartAsync(store, time, new IdGenerator(time, Options.IdSeed), loggers.CreateLogger<GeneralLedger>(), cancel, _reachable.Task));
        var definitions = new SagaDefinitions(PaymentSagas.All);
        if (Options.Carry is { } carry) Keep(new CommandForwarder(Ledger, carry, owner.Secret, time));
        if (Options.Cluster is not null) Receiver = new CommandReceiver(Ledger, definitions, owner.Secret);
        await definitions.CheckInFlightAsync(Ledger, cancel);
        Keep(new AuditSealer(Ledger, time, loggers.CreateLogger<AuditSealer>())).Start();

        // Bus.
        Log = Keep(await engines.OpenLogAsync(Ledger.Map.Shards, cancel));
        Relay = Keep(new Relay(Ledger, Log, time, loggers.CreateLogger<Relay>()));
        await Relay.StartAsync(cancel);
        Keep(new AuditHeads(Ledger, Log, time, loggers.CreateLogger<AuditHeads>())).Start();
        Keep(new Retention(Log, Options.LogRetention, time, loggers.CreateLogger<Retention>())).Start();

        // Sagas, and the services that start them.
        var runner = new SagaRunner(Ledger, definitions);
        var consumer = Keep(new Consumer(Log, SagaRunner.Group, Topics.SagaCommands, [.. Enumerable.Range(0, Ledger.Map.Shards)], runner.HandleAsync, time, loggers.CreateLogger<Consumer>(), Ledger.OwnedEpoch));
        await consumer.StartAsync(cancel);
        Keep(new Sweep(Ledger, definitions, time, loggers.CreateLogger<Sweep>())).Start();
        Sagas = new SagaOperations(Ledger, definitions);
        Payments = new PaymentsService(Ledger, new SagaWaiters(Ledger), time);
        Imports = Keep(PaymentImports.Start(Options.ImportDirectory, TransferSeam.Of(Ledger, Payments), time, loggers.CreateLogger<PaymentImports>()));
        Statements = new AccountStatements(Ledger.ReaderOf, time);

        // View tier.
        if (Options.WithViews)
        {
            Views = Keep(await engines.OpenViewsAsync(cancel));
            var cache = Keep(await engines.OpenCacheAsync(cancel));
            Projections = Keep(await ProjectionHost.StartAsync(Ledger, Log, Views, cache, time, loggers, cancel));
            Projections.ReportTo(Health);
        }

        Verifier = new Verifier(Ledger, Log, Views, Projections, time);
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _running.Push(part);
        return part;
    }
}
