using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>The effects of a payout on the saga whose money it pays out.</summary>
internal static class Payouts
{
    private const string Step = "payout";

    /// <summary>The money has left suspense: to an account of this shard, or through a payout saga.</summary>
    public static void PaidOut(Batch batch, SagaRow row, SagaData data, Guid to, Guid? payoutId)
    {
        var detail = payoutId is { } saga ? $"to account {to} by payout {saga}" : $"to account {to}";
        Put(
            batch,
            row with
            {
                State = SagaState.PaidOut,
            },
            data with
            {
                PaidOutTo = to,
                PayoutId = payoutId,
            },
            "done",
            detail);
    }

    /// <summary>
    /// A compensated payout returned its money to suspense, so it can be paid out again. No effect for any other saga.
    /// </summary>
    public static void Returned(Batch batch, Guid payoutId, SagaData payout)
    {
        if (payout.Origin is not { } origin || batch.Saga(origin) is not { } row)
            return;
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        if (row.State != SagaState.PaidOut || data.PayoutId != payoutId)
            return;
        Put(
            batch,
            row with
            {
                State = SagaState.Suspended,
            },
            data with
            {
                PaidOutTo = null,
                PayoutId = null,
            },
            "refused",
            payout.RefusalDetail);
    }

    private static void Put(Batch batch, SagaRow row, SagaData data, string state, string? detail)
    {
        List<SagaHistory> history =
        [
            .. SagaJson.Read(row.History, SagaJson.Default.SagaHistoryArray),
            new(Step, state, batch.TimeUs, 0, detail),
        ];
        batch.Put(SagaTimers.Write(row, data, history, batch.TimeUs));
    }
}
