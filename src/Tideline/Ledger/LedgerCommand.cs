using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// Something to do on one shard. <see cref="Key"/> with <see cref="Fingerprint"/> makes it happen once: the same key
/// answers what the first one answered, the same key with another fingerprint is refused.
/// </summary>
public abstract record LedgerCommand
{
    /// <summary>
    /// Hash of the client's idempotency key; empty for a command of the program itself that is idempotent by nature.
    /// </summary>
    public Guid Key { get; init; }

    /// <summary>Hash of the request.</summary>
    public Guid Fingerprint { get; init; }

    /// <summary>Whether its key was taken for it at the key's home, so that nobody needs to ask there.</summary>
    public bool IsKeyTaken { get; init; }

    /// <summary>Decides the shard: the customer or account the command is about.</summary>
    public abstract Guid RouteId { get; }

    /// <summary>
    /// Carries it out once and answers when that is durable. One that needs other shards first asks them here.
    /// </summary>
    internal virtual Task<Reply> ExecuteAsync(GeneralLedger ledger, CancellationToken cancel) =>
        ledger.ExecuteOnceAsync(this, cancel);

    /// <summary>The batch that it goes with is stamped no earlier than this, microseconds.</summary>
    internal virtual long NotBeforeUs => 0;

    /// <summary>Names the rows that <see cref="Decide"/> will look at.</summary>
    internal abstract void Collect(BatchKeys keys, ShardContext context);

    /// <summary>
    /// The same command with the subject that its key was taken for: a repeat makes what the first attempt would have
    /// made. Commands about something that exists already have one subject only.
    /// </summary>
    internal virtual LedgerCommand About(Guid subject) => this;

    /// <summary>The id that the command will make, reserved with its key.</summary>
    internal abstract Guid Subject { get; }

    /// <summary>
    /// Decides against the rows of the batch. A refusal must leave them as they were; an exception may be thrown only
    /// before anything is changed.
    /// </summary>
    internal abstract Reply Decide(Batch batch);
}

/// <summary>Carries a command to the process that owns its shard, and answers what that answers.</summary>
/// <exception cref="TidelineException">NotOwner: no process took it. Overloaded, StorageUnavailable, ShuttingDown:
/// repeat it with the same key.</exception>
internal delegate Task<Reply> ForwardCommand(int shard, LedgerCommand command);

/// <summary>What a command came to.</summary>
/// <param name="Refusal">Why nothing changed; null when it was done.</param>
/// <param name="Subject">The customer, account, transaction, hold or saga.</param>
/// <param name="BalanceMinor">Posted balance of the account after it, where one is concerned.</param>
/// <param name="Position">The last event it wrote: for the client's token. Seq 0 when it wrote none.</param>
/// <param name="Kind">Whether the subject is a saga that goes on.</param>
public sealed record Reply(Refusal? Refusal, Guid Subject, long BalanceMinor, Position Position, OutcomeKind Kind)
{
    /// <summary>Whether the key had been used before, so that this is the first one's answer again.</summary>
    public bool IsRepeat { get; init; }
}
