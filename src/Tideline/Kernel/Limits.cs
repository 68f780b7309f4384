namespace Tideline.Kernel;

/// <summary>Every limit of the program, by name. Units stand at the end of the names.</summary>
public static class Limits
{
    /// <summary>Largest movement, minor units: far below overflow, far above any payment.</summary>
    public const long AmountMinor = 1_000_000_000_000_000;

    /// <summary>Longest text of an amount.</summary>
    public const int AmountCharacters = 24;

    /// <summary>Longest balance either way, minor units; a movement beyond it is refused.</summary>
    public const long BalanceMinor = 4_000_000_000_000_000_000;

    /// <summary>Longest customer name.</summary>
    public const int NameCharacters = 200;

    /// <summary>Longest e-mail address (RFC 5321).</summary>
    public const int EmailCharacters = 254;

    /// <summary>Longest reference of a movement (ISO 20022 Max140Text).</summary>
    public const int ReferenceCharacters = 140;

    /// <summary>Longest idempotency key.</summary>
    public const int IdempotencyKeyCharacters = 200;

    /// <summary>Most shards of one installation.</summary>
    public const int Shards = 64;

    /// <summary>Commands that wait for one shard before it says it is overloaded.</summary>
    public const int ShardQueueDepth = 16_384;

    /// <summary>Commands in one group commit.</summary>
    public const int ShardBatchCommands = 1_024;

    /// <summary>Events in one relay or projection batch.</summary>
    public const int EventBatch = 1_000;

    /// <summary>Rows of one page.</summary>
    public const int PageRows = 200;

    /// <summary>Rows of a page when the client names none.</summary>
    public const int DefaultPageRows = 50;

    /// <summary>Largest JSON body, bytes.</summary>
    public const int BodyBytes = 64 * 1024;

    /// <summary>Largest line of an NDJSON batch, bytes.</summary>
    public const int BatchLineBytes = 4 * 1024;

    /// <summary>Lines of one NDJSON batch in flight at once.</summary>
    public const int BatchInFlight = 1_024;

    /// <summary>Largest import file, bytes.</summary>
    public const int ImportBytes = 64 * 1024 * 1024;

    /// <summary>Payments of one import file.</summary>
    public const int ImportPayments = 100_000;

    /// <summary>How long a request waits for its saga before it answers 202, milliseconds.</summary>
    public const int SagaWaitMs = 10_000;

    /// <summary>How long a session read waits for the view before it falls through to the ledger, milliseconds.</summary>
    public const int SessionWaitMs = 50;

    /// <summary>Between two looks for due timers and expired holds, milliseconds.</summary>
    public const int SweepIntervalMs = 250;

    /// <summary>Sagas, and holds, that one look at a shard takes up.</summary>
    public const int SweepRows = 500;

    /// <summary>Longest life of a hold, days.</summary>
    public const int HoldDays = 366;

    /// <summary>Recent transactions kept in a customer document.</summary>
    public const int RecentTransactions = 20;

    /// <summary>How long a projection may stand still with work before it is called unhealthy, milliseconds.</summary>
    public const int FrozenWatermarkMs = 5_000;

    /// <summary>How long a drain may take before the program ends all the same, milliseconds.</summary>
    public const int DrainMs = 20_000;
}
