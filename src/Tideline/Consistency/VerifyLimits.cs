namespace Tideline.Consistency;

/// <summary>Limits of a verification. A name ends with its unit.</summary>
public static class VerifyLimits
{
    /// <summary>Pages of ended sagas, per state, that an ordinary check reads; a deep check reads all.</summary>
    internal const int SagaPages = 24;

    /// <summary>
    /// The newest outcomes of a shard that a check compares with the stored data; the second figure is for a deep
    /// check.
    /// </summary>
    internal const int Outcomes = 500, OutcomesDeep = 50_000;

    /// <summary>How often a comparison that traffic may have disturbed is repeated before its finding counts.</summary>
    internal const int Rounds = 3;

    /// <summary>Rows that a check of the ledger compares in one walk over the events.</summary>
    internal const int GroupRows = 250_000;

    /// <summary>How long the result of a write probe is reused, milliseconds: readiness may be queried often.</summary>
    internal const int WriteProbeMs = 1_000;

    /// <summary>How long a write probe may take before the shard counts as stuck, milliseconds.</summary>
    public const int WriteProbeTimeoutMs = 2_000;

    /// <summary>
    /// Batches of the log, evenly chosen, whose content an ordinary verification compares; a deep one compares all.
    /// </summary>
    internal const int LogBatches = 100;
}
