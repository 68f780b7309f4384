using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Does a step for a saga of another shard and sends the reply in the same commit. A repeat does nothing but reply again; a cancel keeps a refusal under the
/// step's key, so that a request that comes later is refused too.
/// </summary>
internal sealed record DoStep(SagaRequest Request) : LedgerCommand
{
    public override Guid RouteId => Request.Posting.AccountId;

    internal override Guid Subject => Request.SagaId;

    private Guid StepKey { get; } = Idempotency.Key("saga", $"{Request.SagaId}:{Request.Step}:{(Request.Undo ? "undo" : "do")}");

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Outcomes.Add(StepKey);
        keys.Transactions.Add(Request.Posting.TransactionId);
        SagaPostings.Collect(Request.Posting, keys, context);
    }

    internal override Reply Decide(Batch batch)
    {
        if (!batch.Rows.Outcomes.TryGetValue(StepKey, out var outcome))
        {
            outcome = Keep(batch, Request.Cancel
                ? new Refusal(RefusalReason.DeadlinePassed, "The step's deadline passed before its shard answered.")
                : SagaPostings.Apply(batch, Request.Posting, Request.SagaId));
        }

        var position = new Position(batch.Context.Shard, outcome.Seq);
        var reply = new SagaReply(Request.SagaId, Request.Step, Request.Undo, outcome.Reason, outcome.Detail, position, outcome.BalanceMinor, Request.Owner);
        batch.Send(Request.OwnerShard, Request.SagaId, SagaEngine.ReplyType, JsonSerializer.SerializeToUtf8Bytes(reply, SagaJson.Default.SagaReply));
        return Outcomes.Restore(outcome, batch.Context.Shard);
    }

    private OutcomeRow Keep(Batch batch, Refusal? refusal)
    {
        var outcome = new OutcomeRow(
            StepKey, Guid.Empty, refusal is null ? OutcomeKind.Done : OutcomeKind.Refused, Request.SagaId, batch.Account(Request.Posting.AccountId)?.PostedMinor ?? 0,
            refusal is null ? batch.EventSeq : 0, refusal?.Reason ?? 0, refusal?.Detail, batch.TimeUs);
        batch.Rows.Outcomes.Add(StepKey, outcome);
        batch.Writes.Outcomes.Add(outcome);
        return outcome;
    }
}
