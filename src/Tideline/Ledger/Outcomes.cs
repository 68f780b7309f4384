using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>Same key, same outcome, for ever: looks the key up, or decides and keeps what was decided.</summary>
internal static class Outcomes
{
    public static Reply Decide(LedgerCommand command, Batch batch)
    {
        if (command.Key == Guid.Empty) return command.Decide(batch);
        if (batch.Rows.Outcomes.TryGetValue(command.Key, out var known))
        {
            return known.Fingerprint == command.Fingerprint
                ? Restore(known, batch.Context.Shard)
                : batch.Refuse(RefusalReason.IdempotencyKeyReused, "This idempotency key was used with another request; a new request needs a new key.");
        }

        var reply = command.Decide(batch);
        var outcome = new OutcomeRow(
            command.Key, command.Fingerprint, reply.Refusal is null ? reply.Kind : OutcomeKind.Refused, reply.Subject, reply.BalanceMinor, reply.Position.Seq,
            reply.Refusal?.Reason ?? 0, reply.Refusal?.Detail, batch.TimeUs);
        batch.Rows.Outcomes.Add(command.Key, outcome);
        batch.Writes.Outcomes.Add(outcome);
        return reply;
    }

    public static Reply Restore(OutcomeRow outcome, int shard) => new(
        outcome.Kind == OutcomeKind.Refused ? new Refusal(outcome.Reason, outcome.Detail ?? "") : null,
        outcome.Subject, outcome.BalanceMinor, new Position(shard, outcome.Seq), outcome.Kind);
}
