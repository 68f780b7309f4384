#pragma warning disable CA2000, CA2213 // The node keeps opened parts on a stack and disposes them, newest first.
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Tideline.Audit;
using Tideline.Consistency;
using Tideline.Engines.Backup;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Log;
using Tideline.Peers;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Sagas;
using Tideline.Services;
using Tideline.Views;

namespace Tideline.Node;

/// <summary>Everything of Tideline in one process, in the order in which data flows.</summary>
public sealed partial class TidelineNode : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _running = new();
    private readonly SteadyClock _clock;
    private readonly TaskCompletionSource _reachable = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ILogger _logger;
    private LatePart<ILog> _log = null!;
    private LatePart<ViewTier>? _views;

    private TidelineNode(NodeOptions options)
    {
        _clock = new SteadyClock(options.Time, options.Loggers.CreateLogger<SteadyClock>());
        Options = options with { Time = _clock };
        Services = ServiceRegistration.MakeAll(options.Services);
        _logger = options.Loggers.CreateLogger<TidelineNode>();
    }

    /// <summary>The options of the start; their time is the clock that stamps commits.</summary>
    public NodeOptions Options { get; }

    /// <summary>The services of this node.</summary>
    public ServiceCatalog Services { get; }

    /// <summary>Where parts report their faults.</summary>
    public NodeHealth Health { get; } = new();

    /// <summary>The strong tier.</summary>
    public GeneralLedger Ledger { get; private set; } = null!;

    /// <summary>Receives the commands of other processes; null in the embedded profile.</summary>
    public CommandReceiver? Receiver { get; private set; }

    /// <summary>
    /// The bus. It is opened in the background: until then its calls fail as they do while it is away.
    /// </summary>
    public ILog Log { get; private set; } = null!;

    /// <summary>The view tier.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it is not open yet.</exception>
    public IViewStore Views => RequireViews().Views;

    /// <summary>The relay, from ledger to log.</summary>
    public Relay Relay { get; private set; } = null!;

    /// <summary>The projections, from log to views.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: they are not open yet.</exception>
    public ProjectionHost Projections => RequireViews().Projections;

    /// <summary>As above; null until they are open.</summary>
    public ProjectionHost? OpenProjections => _views?.Value?.Projections;

    /// <summary>Hits and misses of the cache of the views; null until they are open.</summary>
    public CacheCounts? Cached => _views?.Value?.Cached;

    /// <summary>Operator commands for sagas.</summary>
    public SagaOperations Sagas { get; private set; } = null!;

    /// <summary>Makes backups; null in the cluster profile, where the engines' own tools do that.</summary>
    public EmbeddedBackup? Backup { get; private set; }

    /// <summary>Operator commands for saga messages that could not be handled.</summary>
    public SagaLetters SagaLetters { get; private set; } = null!;

    /// <summary>Counts what waits for an operator.</summary>
    public SagaWatch SagaWatch { get; private set; } = null!;

    /// <summary>The checks of the invariants.</summary>
    public Verifier Verifier => new(
        Ledger, Services, Log, _views?.Value?.Views, OpenProjections, Options.Time, _views?.Fault);

    /// <summary>Opens or creates the data and starts every part.</summary>
    /// <exception cref="TidelineException">AlreadyOwned, IncompatibleData, StorageUnavailable or Corrupt: nothing is
    /// left running.</exception>
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

    /// <summary>Completes when log and views are open.</summary>
    public async Task WaitUntilOpenAsync(CancellationToken cancel)
    {
        while (_log.Value is null || _views is { Value: null }) await Task.Delay(
            TimeSpan.FromMilliseconds(LogLimits.IdleWaitMs), Options.Time, cancel);
    }

    /// <summary>Other processes can now reach this one at its address: it starts to acquire shards.</summary>
    public void BecomeReachable() => _reachable.TrySetResult();

    /// <summary>
    /// Drains and ends every part, in reverse order of start: nothing new is accepted, and accepted work is finished.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        while (_running.TryPop(out var part)) await part.DisposeAsync();
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        Options.Cluster?.Require();
        var owner = new ShardOwner(
            Options.Engines?.Name ?? ShardOwner.ThisProcess, Options.Cluster?.Address ?? Options.Engines?.Address ?? "",
            new Guid(RandomNumberGenerator.GetBytes(16)));
        var engines = Options switch
        {
            { Engines: { } own } => own.Open(owner),
            { Cluster: { } cluster } => new ClusterEngines(Options, cluster, owner),
            _ => new EmbeddedEngines(Options),
        };
        Keep(_clock.Watch());

        // The bus and the view tier may be away: commands do not need them.
        var store = Keep(await engines.OpenLedgerAsync(cancel));
        _log = new LatePart<ILog>("log", token => engines.OpenLogAsync(store.Map.Shards, token), Options.Time, _logger);
        Log = Keep(new LateLog(_log));
        await WithPatienceAsync(_log.Tried, cancel);
        await StartLedgerAsync(store, engines, owner, cancel);
        StartLog();
        StartSagas();
        StartServices();
        if (Options.WithViews)
        {
            _views = Keep(
                new LatePart<ViewTier>("view tier", token => OpenViewsAsync(engines, token), Options.Time, _logger));
            Health.Register("view tier", FaultScope.Freshness, () => _views.Fault);
        }

        await WithPatienceAsync(Task.WhenAll(_log.Tried, _views?.Tried ?? Task.CompletedTask), cancel);
    }

    private async Task StartLedgerAsync(
        ILedgerStore store, IEngineSet engines, ShardOwner owner, CancellationToken cancel)
    {
        var (time, loggers) = (Options.Time, Options.Loggers);
        await HistoryGuard.RequireOneInstallationAsync(store, cancel);
        var guard = await WitnessesAsync(store, engines, cancel);
        if (Options.Carry is null) BecomeReachable();
        var (ids, ledgerLog) = (new IdGenerator(time, Options.IdSeed), loggers.CreateLogger<GeneralLedger>());
        Ledger = Keep(await GeneralLedger.StartAsync(
            store, time, ids, ledgerLog, cancel, _reachable.Task, Options.AcceptClock, guard.FindFaultAsync));
        Health.Register("clock", FaultScope.Commands, Ledger.ClockFault);
        Health.Register("history", FaultScope.Detail, () => Sentences(
            Enumerable.Range(0, Ledger.Map.Shards).Select(Ledger.WhyClosed).OfType<string>()));
        var keeper = Keep(
            new ManifestKeeper(Ledger, guard, Options.DataDirectory, time, loggers.CreateLogger<ManifestKeeper>()));
        await keeper.StartAsync(cancel);
        guard.Add(keeper.Witness);
        Health.Register("manifest", FaultScope.Detail, () => keeper.Fault);
        if (Options.Cluster is null && Options.Engines is null)
            Backup = new EmbeddedBackup(Ledger, Options.DataDirectory, PinFiles, time);
        if (Options.Carry is { } carry) Keep(new CommandForwarder(Ledger, Services, carry, owner.Secret, time));
        if (Options.Cluster is not null || Options.Engines is not null)
            Receiver = new CommandReceiver(Ledger, Services, owner.Secret);
        await Services.Sagas.CheckInFlightAsync(Ledger, cancel);
        var sealer = Keep(new AuditSealer(Ledger, time, loggers.CreateLogger<AuditSealer>()));
        sealer.Start();
        Health.Register("audit sealer", FaultScope.Detail, () => sealer.Fault);
    }

    // A shard that lost acknowledged commands must not be used. The views were filled from the log, so they are
    // witnesses only if the log was recreated.
    private async Task<HistoryGuard> WitnessesAsync(ILedgerStore store, IEngineSet engines, CancellationToken cancel)
    {
        var epoch = store.Epochs(0)[^1];
        var guard = new HistoryGuard(Options.Time, Options.Loggers.CreateLogger<HistoryGuard>());
        if (Manifest.Read(Options.DataDirectory) is { } manifest) guard.Add(HistoryCheck.Of(manifest, epoch));
        var views = Options.WithViews ? await AskViewsAsync(engines, epoch.Number, store.Map.Shards, cancel) : null;
        guard.Add(new LogWitness(Log, new SourceHistory(store.Epochs)).Witness, instead: views);
        return guard;
    }

    private void StartLog()
    {
        var (time, loggers) = (Options.Time, Options.Loggers);
        Relay = Keep(new Relay(Ledger, Log, time, loggers.CreateLogger<Relay>()));
        Relay.Start();
        var heads = Keep(new AuditHeads(Ledger, Log, time, loggers.CreateLogger<AuditHeads>()));
        heads.Start();
        var retention = Keep(new Retention(Log, Options.LogRetention, time, loggers.CreateLogger<Retention>()));
        retention.Start();
        Health.Register(
            "log", FaultScope.Detail, () => _log.Fault ?? Sentences(Log.Faults.Select(fault => fault.Sentence)));
        Health.Register("relay", FaultScope.Detail, () => Relay.Fault);
        Health.Register("audit heads", FaultScope.Detail, () => heads.Fault);
        Health.Register("retention", FaultScope.Detail, () => retention.Fault);
    }

    private void StartSagas()
    {
        var (time, loggers) = (Options.Time, Options.Loggers);
        var runner = new SagaRunner(Ledger, Services.Sagas);
        var sources = new SourceHistory(Ledger.Epochs);

        // Saga steps of transfers that a restore undid must not be executed.
        ValueTask HandleAsync(int shard, IReadOnlyList<LogRecord> records, CancellationToken token) =>
            runner.HandleAsync(
            shard, [.. records.Where(
                record => !sources.IsLeftBehind(ShardStream.Messages, record.Source, record.SourceSeq))], token);

        var consumer = Keep(new Consumer(
            Log, SagaRunner.Group, Topics.SagaCommands, [.. Enumerable.Range(0, Ledger.Map.Shards)], HandleAsync, time,
            loggers.CreateLogger<Consumer>(), Ledger.OwnedEpoch));
        consumer.Start();
        Health.Register("saga consumer", FaultScope.Detail, () => consumer.Fault);
        var timers = Keep(new DueTimers(
            Ledger, Services.Sagas, Services.Timers, time, loggers.CreateLogger<DueTimers>()));
        timers.Start();
        Health.Register("due timers", FaultScope.Detail, () => timers.Fault);
        Sagas = new SagaOperations(Ledger, Services.Sagas);
        SagaLetters = new SagaLetters(Ledger, Services.Sagas);
        SagaWatch = Keep(new SagaWatch(Ledger, time, loggers.CreateLogger<SagaWatch>()));
        SagaWatch.Start(Health);
    }

    // A snapshot of the files of services.
    private List<FolderSnapshot> PinFiles() =>
        [.. Services.Services.Select(service => service.PinFiles(Options.ServiceDirectory)).OfType<FolderSnapshot>()];

    private void StartServices()
    {
        var context = new ServiceContext(
            Ledger, new SagaWaiters(Ledger), Options.ServiceDirectory, Health, Options.Time, Options.Loggers,
            part => Keep(part));
        foreach (var service in Services.Services) service.Start(context);
    }

    // Views that are away or damaged are no witness; they are checked again when they are opened.
    private async Task<Witness?> AskViewsAsync(IEngineSet engines, long epoch, int shards, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(Options.OpenPatience ?? Timeout.InfiniteTimeSpan, Options.Time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            await using var views = await engines.OpenViewsAsync(patience.Token);
            return await ViewWitness.OfAsync(views, Services.Projections, epoch, shards, patience.Token);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
        {
            ViewsNotAsked(_logger, fault);
            return null;
        }
    }

    private async Task WithPatienceAsync(Task tried, CancellationToken cancel)
    {
        if (Options.OpenPatience is { } patience) await Task.WhenAny(tried, Task.Delay(patience, Options.Time, cancel));
        else await tried.WaitAsync(cancel);
    }

    private async Task<ViewTier> OpenViewsAsync(IEngineSet engines, CancellationToken cancel)
    {
        await _log.Tried.WaitAsync(cancel);
        return await ViewTier.StartAsync(
            engines, Services, Ledger, Log, Health, Options.Time, Options.Loggers, cancel);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The views could not report the head of the ledger.")]
    private static partial void ViewsNotAsked(ILogger logger, Exception fault);

    private ViewTier RequireViews() => _views is null
        ? throw new TidelineException(ErrorCode.InvalidInput, "This node runs without views.") : _views.Require();

    private static string? Sentences(IEnumerable<string> faults) => string.Join(' ', faults) is { Length: > 0 } text
        ? text : null;

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _running.Push(part);
        return part;
    }
}
