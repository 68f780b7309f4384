using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>Same key, same outcome, permanently: looks the key up, or decides and stores the outcome.</summary>
internal static class Outcomes
{
    /// <param name="command">The command.</param>
    /// <param name="batch">Its batch.</param>
    /// <param name="home">The other shard at which its key is reserved in the same commit; null if this shard is the
    /// key's home, or if the key is already reserved.</param>
    /// <returns>The reply. <see cref="OutcomeKind.Reserved"/>: the key was reserved for a subject on another
    /// shard.</returns>
    public static Reply Decide(LedgerCommand command, Batch batch, int? home)
    {
        if (command.Key == Guid.Empty) return command.Decide(batch);
        if (batch.Rows.Outcomes.TryGetValue(command.Key, out var known))
            return Repeat(command, batch, known, batch.Context.Shard);
        if (home is { } other && batch.Rows.KeysElsewhere.TryGetValue(command.Key, out known))
            return Repeat(command, batch, known, other);

        var reply = command.Decide(batch);
        var outcome = new OutcomeRow(
            command.Key, command.Fingerprint, reply.Refusal is null
                ? reply.Kind
                : OutcomeKind.Refused, reply.Subject, reply.BalanceMinor, reply.Position.Seq,
            reply.Refusal?.Reason ?? 0, reply.Refusal?.Detail, batch.TimeUs);
        batch.Rows.Outcomes.Add(command.Key, outcome);
        batch.Writes.Outcomes.Add(outcome);
        if (home is { } taker) batch.Writes.KeysElsewhere.Add((taker, Taken(command, batch.TimeUs)));
        return reply;
    }

    public static Reply Restore(OutcomeRow outcome, int shard) => new(
        outcome.Kind == OutcomeKind.Refused ? new Refusal(outcome.Reason, outcome.Detail ?? "") : null,
        outcome.Subject, outcome.BalanceMinor, new Position(shard, outcome.Seq), outcome.Kind);

    private static Reply Repeat(LedgerCommand command, Batch batch, OutcomeRow known, int shard) =>
        known.Fingerprint == command.Fingerprint
        ? Restore(known, shard) with { IsRepeat = true }
        : batch.Refuse(RefusalReason.IdempotencyKeyReused,
            "This idempotency key was used with another request; a new request needs a new key.");

    private static OutcomeRow Taken(LedgerCommand command, long timeUs) =>
        new(command.Key, command.Fingerprint, OutcomeKind.Reserved, command.Subject, 0, 0, 0, null, timeUs);
}
