namespace Tideline.Tools.Opponent;

/// <summary>What operators do while clients work: verify, repair, rebuild, replay, and meddle with sagas.</summary>
internal sealed class OperatorMoves(KnownBank bank)
{
    private static readonly string[] SagaCommands = ["retry", "compensate", "payout"];

    /// <summary>The next of them.</summary>
    public Operation Next(Draw draw) => draw.Random.Below(8) switch
    {
        < 3 => draw.Plain(OperationKind.Verify, "GET", "/v1/ops/consistency"),
        3 or 7 => draw.Plain(
            OperationKind.Operate, "POST",
            $"/v1/ops/projections/repair/{KnownBank.Any(bank.Customers, draw.Random)}",
            "{\"projection\":\"customers\"}"),
        4 => draw.Plain(OperationKind.Operate, "POST", "/v1/ops/dlq/replay", "{}"),
        5 when bank.Transfers.Count > 0 => Saga(draw),
        _ => draw.Plain(
            OperationKind.Operate, "POST", "/v1/ops/projections/rebuild",
            draw.Random.Percent(50) ? "{\"projection\":\"customers\",\"force\":true}" : "{}"),
    };

    // Whatever the saga does itself: only one that is parked or suspended changes by it.
    private Operation Saga(Draw draw) => draw.Plain(
        OperationKind.Operate, "POST",
        $"/v1/ops/sagas/{KnownBank.Any(bank.Transfers, draw.Random)}/"
        + SagaCommands[draw.Random.Below(SagaCommands.Length)],
        "{}");
}
