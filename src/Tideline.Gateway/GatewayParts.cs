using Tideline.Consistency;
using Tideline.Gateway.Door;
using Tideline.Gateway.Http;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Log;
using Tideline.Peers;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services.Accounts.Views;

namespace Tideline.Gateway;

/// <summary>The parts of the program that the gateway stands before.</summary>
public sealed record GatewayParts
{
    /// <summary>The strong tier.</summary>
    public required GeneralLedger Ledger { get; init; }

    /// <summary>What operators do with sagas.</summary>
    public required SagaOperations Sagas { get; init; }

    /// <summary>What operators do with messages of sagas that could not be handled.</summary>
    public required SagaLetters SagaLetters { get; init; }

    /// <summary>Counts what waits for an operator; null where nobody counts.</summary>
    public SagaWatch? SagaWatch { get; init; }

    /// <summary>Maps the routes of the services.</summary>
    internal Action<RouteTable, GatewayParts> ServiceRoutes { get; init; } = static (_, _) => { };

    /// <summary>Finds <see cref="Projections"/>; null while the views are not open.</summary>
    public required Func<ProjectionHost?> FindProjections { get; init; }

    /// <summary>Finds <see cref="Queries"/>; null while the views are not open.</summary>
    public required Func<QueryHost?> FindQueries { get; init; }

    /// <summary>Makes <see cref="Verifier"/> of the parts that are open now.</summary>
    public required Func<Verifier> MakeVerifier { get; init; }

    /// <summary>What is wrong with the bus.</summary>
    public Func<IReadOnlyList<LogFault>> LogFaults { get; init; } = static () => [];

    /// <summary>Where parts say what is wrong with them.</summary>
    public required NodeHealth Health { get; init; }

    /// <summary>Log to views.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: they are not open yet.</exception>
    public ProjectionHost Projections => FindProjections() ?? throw ViewsAway;

    /// <summary>Queries of views and ledger.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: the views are not open yet.</exception>
    public QueryHost Queries => FindQueries() ?? throw ViewsAway;

    /// <summary>The checks of the invariants.</summary>
    public Verifier Verifier => MakeVerifier();

    /// <summary>Takes commands of other processes of the installation; null where there are none.</summary>
    public CommandReceiver? Receiver { get; init; }

    /// <summary>Makes a backup in a folder; null where the engines' own tools do.</summary>
    public Func<string, CancellationToken, Task<BackupManifest>>? Backup { get; init; }

    /// <summary>The hosts that requests may be for.</summary>
    public HostNames Hosts { get; init; } = HostNames.Loopback;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    private static TidelineException ViewsAway => new(
        ErrorCode.StorageUnavailable,
        "The views are not open yet; /health/detail says why. Repeat the request in a moment.");
}
