using Tideline.Ledger;
using Tideline.Services.Payments;

namespace Tideline.Gateway;

/// <summary>The parts of the program that the gateway stands before.</summary>
public sealed record GatewayParts
{
    /// <summary>The strong tier.</summary>
    public required GeneralLedger Ledger { get; init; }

    /// <summary>Transfers.</summary>
    public required PaymentsService Payments { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
