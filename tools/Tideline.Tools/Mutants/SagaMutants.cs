using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Sagas.</summary>
internal static class SagaMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "step-key-without-saga",
            File = "Sagas/ExecuteSagaStep.cs",
            Find = """DerivedId.Of("saga-step", string.Create(""",
            Replace = """
                DerivedId.Of("saga-step", Planted.Is("step-key-without-saga") ? "1" : string.Create(
                """,
            What = "The key of a step lacks its saga, so a shard executes one step only.",
            How = "Two transfers across shards to the same shard.",
            Laws = "I6 I13",
            IsFrequent = true,
        },
        new()
        {
            Name = "step-outcome-not-stored",
            File = "Sagas/ExecuteSagaStep.cs",
            Find = """batch.Writes.Outcomes.Add(outcome);""",
            Replace = """
                if (!Planted.Is("step-outcome-not-stored")) batch.Writes.Outcomes.Add(outcome);
                """,
            What = "A repeated request for a step is decided again, and answered with a refusal.",
            How = "A request is delivered twice before its saga ends: the money is credited and refunded.",
            Laws = "I12 I13",
            Focus = RunFocus.Calls,
        },
        new()
        {
            Name = "deadline-without-asking",
            File = "Sagas/AdvanceSaga.cs",
            Find = """
                    if (SagaTimers.DeadlinePassed(definition, row, batch.TimeUs))
                        return Cancel(batch, definition, row, data, history);
            """,
            Replace = """
                    if (Planted.Is("deadline-without-asking")
                        && SagaTimers.DeadlinePassed(definition, row, batch.TimeUs))
                    {
                        (row, data) = SagaEngine.Record(
                            batch, definition, row, data, history, row.Attempts,
                            new Refusal(RefusalReason.DeadlinePassed, "The deadline passed."), default, 0);
                        return Keep(batch, row, data, history, definition);
                    }

                    if (SagaTimers.DeadlinePassed(definition, row, batch.TimeUs))
                        return Cancel(batch, definition, row, data, history);
            """,
            What = "A transfer past its deadline is refunded without asking the shard that may have credited it.",
            How = "The credit is done, but its reply does not arrive for five minutes.",
            Laws = "I12 I13",
            IsFrequent = true,
            Focus = RunFocus.Deadlines,
        },
        new()
        {
            Name = "refund-refused-when-frozen",
            File = "Sagas/SagaPostings.cs",
            Find = """EvenFrozen = posting.Kind == TransactionKind.Refund,""",
            Replace = """
                EvenFrozen = posting.Kind == TransactionKind.Refund && !Planted.Is("refund-refused-when-frozen"),
                """,
            What = "A frozen account does not get its money back.",
            How = "The source is frozen and the destination closed or frozen while a transfer is under way.",
            Laws = "model",
            IsFrequent = true,
            Focus = RunFocus.Crossing,
        },
        new()
        {
            Name = "returnable-not-released",
            File = "Sagas/SagaEngine.cs",
            Find = """if (row.Step == definition.PivotStep)""",
            Replace = """if (row.Step == definition.PivotStep && !Planted.Is("returnable-not-released"))""",
            What = "A finished transfer still counts as money that may return, so its source never closes.",
            How = "A transfer across shards ends.",
            Laws = "I2 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "timer-never-set",
            File = "Sagas/SagaEngine.cs",
            Find = """WakeUs = step.Retry.NextUs(batch.TimeUs, row.Attempts) };""",
            Replace = """
                WakeUs = Planted.Is("timer-never-set") ? null : step.Retry.NextUs(batch.TimeUs, row.Attempts) };
                """,
            What = "A saga that asks another shard sets no timer.",
            How = "The log loses the request or the reply, or the shard stays away past the deadline.",
            Laws = "I6",
            Focus = RunFocus.Losses,
        },
        new()
        {
            Name = "returned-to-nobody",
            File = "Sagas/SagaEngine.cs",
            Find = """Returnables.Release(batch, step.Forward!(data, row.Id));""",
            Replace = """
                if (!Planted.Is("returned-to-nobody")) Returnables.Release(batch, step.Forward!(data, row.Id));
                """,
            What = "A refunded transfer still counts as money that may return.",
            How = "A destination refuses a transfer that is under way: frozen or closed meanwhile.",
            Laws = "I2 model",
            Focus = RunFocus.Crossing,
        },
        new()
        {
            Name = "reply-of-another-action-counts",
            File = "Sagas/Transactions/AdvanceTransaction.cs",
            Find = """StepReply!.Action != data.ActionAt(row.Step)""",
            Replace = """
                (StepReply!.Action != data.ActionAt(row.Step) && !Planted.Is("reply-of-another-action-counts"))
                """,
            What = "A repeated reply to reserving counts as the reply to posting.",
            How = "A reply is delivered twice: the transaction is settled before every shard has posted.",
            Laws = "I12 I13 model",
            Focus = RunFocus.Calls,
        },
        new()
        {
            Name = "parked-transaction-forgotten",
            File = "Sagas/Transactions/AdvanceTransaction.cs",
            Find = """!row.State.IsUnfinished()""",
            Replace = """
                !row.State.IsUnfinished()
                            || (row.State == SagaState.Parked && Planted.Is("parked-transaction-forgotten"))
                """,
            What = "The reply that a parked transaction waits for is dropped.",
            How = "A shard stays away during posting until the attempts are used up, then answers.",
            Laws = "I6",
            Focus = RunFocus.Deadlines,
        },
        new()
        {
            Name = "pivot-compensated",
            File = "Sagas/Transactions/AdvanceTransaction.cs",
            Find = """
                    if (data.ActionAt(row.Step) == TransactionAction.Reserve
                        && SagaTimers.DeadlinePassed(TransactionSaga.Version1, row, batch.TimeUs))
            """,
            Replace = """
                    var age = TimeSpan.FromMicroseconds(batch.TimeUs - row.CreatedUs);
                    if ((Planted.Is("pivot-compensated")
                            && data.RefusalReason == 0 && age > TransactionSaga.Version1.Steps[0].Deadline)
                        || (data.ActionAt(row.Step) == TransactionAction.Reserve
                            && SagaTimers.DeadlinePassed(TransactionSaga.Version1, row, batch.TimeUs)))
            """,
            What = "The deadline releases a transaction that is booked already on its own shard.",
            How = "A shard stays away for five minutes between reserving and posting.",
            Laws = "I12 I13",
            Focus = RunFocus.Deadlines,
        },
        new()
        {
            Name = "others-not-released",
            File = "Sagas/Transactions/AdvanceTransaction.cs",
            Find = """.Where(shard => shard != refused),""",
            Replace = """.Where(shard => shard != refused && !Planted.Is("others-not-released")),""",
            What = "A refused transaction does not release the shards that have reserved their part.",
            How = "A transaction over three shards that one of them refuses.",
            Laws = "I6 I13",
        },
        new()
        {
            Name = "released-reservation-still-holds",
            File = "Sagas/Transactions/Reservations.cs",
            Find = """Change(batch, reservation.SagaId, reservation.Part, reservation.Part.ToLegs(), -1);""",
            Replace = """
                if (!Kernel.Planted.Is("released-reservation-still-holds"))
                            Change(batch, reservation.SagaId, reservation.Part, reservation.Part.ToLegs(), -1);
                """,
            What = "A released reservation keeps the money held.",
            How = "A transaction across shards that its second shard refuses.",
            Laws = "I2 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "repeat-of-post-conflicts",
            File = "Sagas/Transactions/ExecuteTransactionStep.cs",
            Find = """Reservation.Posted => (true, null),""",
            Replace = """Reservation.Posted => (!Planted.Is("repeat-of-post-conflicts"), null),""",
            What = "A repeated request to post is a contradiction instead of a repeat.",
            How = "A shard posts its part, and the reply is lost or late: the repeat becomes a dead letter.",
            Laws = "I6",
            Focus = RunFocus.Calls,
        },
    ];
}
