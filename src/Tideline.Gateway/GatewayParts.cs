using Tideline.Audit;
using Tideline.Consistency;
using Tideline.Gateway.Door;
using Tideline.Gateway.Http;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Log;
using Tideline.Peers;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Sagas;

namespace Tideline.Gateway;

/// <summary>The parts of the program behind the gateway.</summary>
public sealed record GatewayParts
{
    /// <summary>The strong tier.</summary>
    public required GeneralLedger Ledger { get; init; }

    /// <summary>Operator commands for sagas.</summary>
    public required SagaOperations Sagas { get; init; }

    /// <summary>Operator commands for saga messages that could not be handled.</summary>
    public required SagaLetters SagaLetters { get; init; }

    /// <summary>Counts what waits for an operator; null if nothing counts it.</summary>
    public SagaWatch? SagaWatch { get; init; }

    /// <summary>Maps the routes of the services.</summary>
    internal Action<RouteTable, GatewayParts> ServiceRoutes { get; init; } = static (_, _) => { };

    /// <summary>Finds <see cref="Projections"/>; null while the views are not open.</summary>
    public required Func<ProjectionHost?> FindProjections { get; init; }

    /// <summary>Finds the hits and misses of the cache of the views; null while they are not open.</summary>
    public Func<CacheCounts?> FindCached { get; init; } = static () => null;

    /// <summary>Creates <see cref="Verifier"/> for the parts that are open now.</summary>
    public required Func<Verifier> MakeVerifier { get; init; }

    /// <summary>The faults of the bus.</summary>
    public Func<IReadOnlyList<LogFault>> LogFaults { get; init; } = static () => [];

    /// <summary>Proves bookings.</summary>
    public required ReceiptIssuer Receipts { get; init; }

    /// <summary>Where parts report their faults.</summary>
    public required NodeHealth Health { get; init; }

    /// <summary>The projections, from log to views.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: the views are not open yet.</exception>
    public ProjectionHost Projections => FindProjections() ?? throw ViewsAway;

    /// <summary>The checks of the invariants.</summary>
    public Verifier Verifier => MakeVerifier();

    /// <summary>Receives commands from other processes of the installation; null if there are none.</summary>
    public CommandReceiver? Receiver { get; init; }

    /// <summary>Makes a backup in a folder; null if the engines' own tools do that.</summary>
    public Func<string, CancellationToken, Task<BackupManifest>>? Backup { get; init; }

    /// <summary>The hosts for which requests are accepted.</summary>
    public HostNames Hosts { get; init; } = HostNames.Loopback;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The fault of a read while the views are not open.</summary>
    internal static TidelineException ViewsAway => new(
        ErrorCode.StorageUnavailable,
        "The views are not open yet; /health/detail says why. Repeat the request shortly.");
}
