using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Executes a step for a saga of another shard and sends the reply in the same commit. A repeat only replies again. A
/// cancel stores a refusal under the step's key, so that a later request is refused too. The stored outcome carries a
/// fingerprint of everything the step does, so a request with a different effect is not answered as done.
/// </summary>
internal sealed record ExecuteSagaStep(SagaRequest Request) : LedgerCommand
{
    public override Guid RouteId => Request.Posting.AccountId;

    internal override Guid Subject => Request.SagaId;

    private Guid StepKey { get; } = KeyOf(Request.SagaId, Request.Step);

    private Guid StepFingerprint { get; } = FingerprintOf(Request);

    /// <summary>The key under which a shard stores the outcome of a step.</summary>
    public static Guid KeyOf(Guid sagaId, int step) =>
        DerivedId.Of("saga-step", string.Create(CultureInfo.InvariantCulture, $"{sagaId}:{step}"));

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Outcomes.Add(StepKey);
        keys.Transactions.Add(Request.Posting.TransactionId);
        SagaPostings.Collect(Request.Posting, Request.OwnerShard, keys, context);
    }

    internal override Reply Decide(Batch batch)
    {
        if (!batch.Rows.Outcomes.TryGetValue(StepKey, out var outcome))
        {
            outcome = Keep(
                batch,
                Request.Cancel
                    ? new Refusal(RefusalReason.DeadlinePassed, "The step's deadline passed before its shard answered.")
                    : SagaPostings.Apply(batch, Request.Posting, Request.SagaId, Request.OwnerShard));
        }
        else if (outcome.Fingerprint != StepFingerprint)
        {
            return batch.Refuse(
                RefusalReason.StepConflict,
                $"Step {Request.Step} of saga {Request.SagaId} was already executed with a different effect.",
                Request.SagaId);
        }

        var reply = new SagaReply(
            Request.SagaId, Request.Step, outcome.Reason, outcome.Detail,
            new Position(batch.Context.Shard, outcome.Seq), outcome.BalanceMinor, Request.Owner);
        batch.Send(
            Request.OwnerShard, Request.SagaId, SagaEngine.ReplyType,
            JsonSerializer.SerializeToUtf8Bytes(reply, SagaJson.Default.SagaReply));
        return Outcomes.Restore(outcome, batch.Context.Shard);
    }

    private static Guid FingerprintOf(SagaRequest request)
    {
        var (posting, owner) = (request.Posting, request.OwnerShard);
        var details = posting.Details is null ? "" : $"|{posting.Details.ToJson()}";
        return Idempotency.Fingerprint(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{owner}|{posting.TransactionId}|{posting.AccountId}|{posting.Against}|{posting.AmountMinor}|"
                    + $"{posting.Currency}|{posting.Kind}|{posting.CounterpartyId}|{posting.Reference}{details}"));
    }

    private OutcomeRow Keep(Batch batch, Refusal? refusal)
    {
        var outcome = new OutcomeRow(
            StepKey, StepFingerprint, refusal is null ? OutcomeKind.Done : OutcomeKind.Refused, Request.SagaId,
            batch.Account(Request.Posting.AccountId)?.PostedMinor ?? 0, refusal is null ? batch.EventSeq : 0,
            refusal?.Reason ?? 0, refusal?.Detail, batch.TimeUs);
        batch.Rows.Outcomes.Add(StepKey, outcome);
        batch.Writes.Outcomes.Add(outcome);
        return outcome;
    }
}
