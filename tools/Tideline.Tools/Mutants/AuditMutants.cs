namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Audit.</summary>
internal static class AuditMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "block-range-off-by-one",
            File = "Audit/AuditSealer.cs",
            Find = """afterSeq + 1, throughSeq, previousHash""",
            Replace = """afterSeq + (Planted.Is("block-range-off-by-one") ? 0 : 1), throughSeq, previousHash""",
            What = "A block says that it begins with the last event of the block before.",
            How = "Any block.",
            Laws = "I9",
            IsFrequent = true,
        },
        new()
        {
            Name = "hash-not-linked",
            File = "Audit/AuditSealer.cs",
            Find = """hash.Seal(previousHash, number,""",
            Replace = """hash.Seal(Planted.Is("hash-not-linked") ? new byte[32] : previousHash, number,""",
            What = "The hash of a block does not cover the hash of the block before.",
            How = "A second block.",
            Laws = "I9",
            IsFrequent = true,
        },
        new()
        {
            Name = "status-events-not-hashed",
            File = "Audit/AuditSealer.cs",
            Find = """hash.Add(happened);""",
            Replace = """
                if (!Planted.Is("status-events-not-hashed")
                    || happened.Type != EventType.BalanceUpdated) hash.Add(happened);
                """,
            What = "Events about holds and states are not covered by the hash of their block.",
            How = "A block with a hold or a change of status.",
            Laws = "I9",
            IsFrequent = true,
        },
    ];
}
