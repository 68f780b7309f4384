using Tideline.Consistency;
using Tideline.Ledger;
using Tideline.Peers;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Imports;

namespace Tideline.Gateway;

/// <summary>The parts of the program that the gateway stands before.</summary>
public sealed record GatewayParts
{
    /// <summary>The strong tier.</summary>
    public required GeneralLedger Ledger { get; init; }

    /// <summary>Transfers.</summary>
    public required PaymentsService Payments { get; init; }

    /// <summary>What operators do with sagas.</summary>
    public required SagaOperations Sagas { get; init; }

    /// <summary>What operators do with messages of sagas that could not be handled.</summary>
    public required SagaLetters SagaLetters { get; init; }

    /// <summary>Counts what waits for an operator; null where nobody counts.</summary>
    public SagaWatch? SagaWatch { get; init; }

    /// <summary>ISO 20022 files.</summary>
    public required PaymentImports Imports { get; init; }

    /// <summary>Log to views, and reads of them.</summary>
    public required ProjectionHost Projections { get; init; }

    /// <summary>The checks of the invariants.</summary>
    public required Verifier Verifier { get; init; }

    /// <summary>Takes commands of other processes of the installation; null where there are none.</summary>
    public CommandReceiver? Receiver { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
