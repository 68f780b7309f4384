using Tideline.Kernel;

namespace Tideline.Sagas;

/// <summary>Limits of sagas and of timers. A name ends with its unit.</summary>
public static class SagaLimits
{
    /// <summary>
    /// How often a request that waits for a saga polls it when another process owns the saga's shard, milliseconds.
    /// </summary>
    internal const int LookMs = 50;

    /// <summary>Conditions of one transaction.</summary>
    internal const int TransactionConditions = 20;

    /// <summary>
    /// How long a transfer waits for its saga before it answers 202, milliseconds from its arrival: less than
    /// <see cref="Limits.CommandAnswerMs"/>.
    /// </summary>
    internal const int WaitMs = Limits.CommandAnswerMs - 500;

    /// <summary>The interval between two scans for due timers and expired holds, milliseconds.</summary>
    internal const int TimerPollMs = 250;

    /// <summary>How often the sagas that wait for an operator are counted, milliseconds.</summary>
    internal const int WatchMs = 2_000;

    /// <summary>Sagas per shard and state that are counted; a larger number is reported as this one.</summary>
    public const int WatchRows = 1_000;

    /// <summary>Attempts at a saga message before it is set aside: once with its batch, then alone.</summary>
    internal const int MessageAttempts = 3;

    /// <summary>
    /// What is kept of a saga message that is set aside, bytes: many times the size of any valid message.
    /// </summary>
    internal const int LetterBytes = 64 * 1024;

    /// <summary>What is kept of the type of a message that is set aside, characters.</summary>
    internal const int LetterTypeCharacters = 64;

    /// <summary>The longest sentence in a saga message, characters.</summary>
    internal const int DetailCharacters = 2_000;

    /// <summary>Sagas, and holds, that one scan of a shard returns.</summary>
    internal const int TimerRows = 500;

    /// <summary>How long a list over all shards waits for one of them, milliseconds.</summary>
    internal const int ShardListMs = 2_000;
}
