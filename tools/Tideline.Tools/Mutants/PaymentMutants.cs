using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Services/Payments.</summary>
internal static class PaymentMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "refund-under-the-id-of-its-debit",
            File = "Services/Payments/TransferSaga.cs",
            Find = """DerivedId.Of("transfer-refund", sagaId.ToString())""",
            Replace = """
                Planted.Is("refund-under-the-id-of-its-debit") ? sagaId
                    : DerivedId.Of("transfer-refund", sagaId.ToString())
                """,
            What = "A refund has the id of the debit, so it is taken for a repeat and the money goes to suspense.",
            How = "A destination refuses a transfer that is under way: frozen or closed meanwhile.",
            Laws = "model",
            Focus = RunFocus.Crossing,
        },
        new()
        {
            Name = "token-without-destination",
            File = "Services/Payments/Transfers.cs",
            Find = """refusal, data.Positions);""",
            Replace = """
                refusal,
                            Planted.Is("token-without-destination") ? [reply.Position] : data.Positions);
                """,
            What = "The token of a transfer across shards lacks the credit.",
            How = "The payee is read at the token of a settled transfer, before the view holds the credit.",
            Laws = "I10",
            Focus = RunFocus.Crossing,
        },
        new()
        {
            Name = "statement-end-inclusive",
            File = "Services/Payments/Statements/AccountStatements.cs",
            Find = """var last = await reader.GetEntryAtAsync(accountId, toUs - 1, cancel);""",
            Replace = """
                var last = await reader.GetEntryAtAsync(
                            accountId, toUs - (Planted.Is("statement-end-inclusive") ? 0 : 1), cancel);
                """,
            What = "An entry at the end of a statement is also in the next one.",
            How = "A statement that ends at the time of an entry.",
            Laws = "model",
        },
        new()
        {
            Name = "statement-begins-late",
            File = "Services/Payments/Statements/AccountStatements.cs",
            Find = """var before = await reader.GetEntryAtAsync(accountId, fromUs - 1, cancel);""",
            Replace = """
                var before = await reader.GetEntryAtAsync(
                            accountId, fromUs - (Planted.Is("statement-begins-late") ? 0 : 1), cancel);
                """,
            What = "An entry at the beginning of a statement is missing from it.",
            How = "A statement that begins at the time of an entry.",
            Laws = "model",
        },
        new()
        {
            Name = "condition-not-judged-within-shard",
            File = "Services/Payments/PostTransaction.cs",
            Find = """return Order.Judge(batch) ?? batch.Record(""",
            Replace = """
                return (Planted.Is("condition-not-judged-within-shard") ? null : Order.Judge(batch)) ?? batch.Record(
                """,
            What = "The conditions of a transaction within a shard are not checked.",
            How = "A transaction whose condition on a balance or a version does not hold.",
            Laws = "model",
            IsFrequent = true,
        },
    ];
}
