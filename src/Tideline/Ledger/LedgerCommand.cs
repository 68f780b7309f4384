using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// An operation on one shard. <see cref="Key"/> and <see cref="Fingerprint"/> make it idempotent: the same key returns
/// the first reply again; the same key with another fingerprint is refused.
/// </summary>
public abstract record LedgerCommand
{
    /// <summary>
    /// Hash of the client's idempotency key; empty for the program's own commands, which are idempotent by nature.
    /// </summary>
    public Guid Key { get; init; }

    /// <summary>Hash of the request.</summary>
    public Guid Fingerprint { get; init; }

    /// <summary>Whether its key was already reserved at the key's home, so that no check is needed there.</summary>
    public bool IsKeyTaken { get; init; }

    /// <summary>Determines the shard: the id of the customer or account that the command is about.</summary>
    public abstract Guid RouteId { get; }

    /// <summary>
    /// Executes the command once and returns its reply when that is durable. A command that needs other shards first
    /// calls them here.
    /// </summary>
    internal virtual Task<Reply> ExecuteAsync(GeneralLedger ledger, CancellationToken cancel) =>
        ledger.ExecuteOnceAsync(this, cancel);

    /// <summary>The earliest time with which its batch may be stamped, microseconds.</summary>
    internal virtual long NotBeforeUs => 0;

    /// <summary>Names the rows that <see cref="Decide"/> will read.</summary>
    internal abstract void Collect(BatchKeys keys, ShardContext context);

    /// <summary>
    /// The same command with the subject that its key was reserved for: a repeat creates what the first attempt would
    /// have created. A command about something that exists always has the same subject.
    /// </summary>
    internal virtual LedgerCommand About(Guid subject) => this;

    /// <summary>The id that the command will create, reserved with its key.</summary>
    internal abstract Guid Subject { get; }

    /// <summary>
    /// Decides on the rows of the batch. A refusal must leave them unchanged; an exception may be thrown only before
    /// anything is changed.
    /// </summary>
    internal abstract Reply Decide(Batch batch);
}

/// <summary>Forwards a command to the process that owns its shard, and returns that process's reply.</summary>
/// <exception cref="TidelineException">NotOwner: no process accepted it. Overloaded, StorageUnavailable, ShuttingDown:
/// repeat it with the same key.</exception>
internal delegate Task<Reply> ForwardCommand(int shard, LedgerCommand command);

/// <summary>The result of a command.</summary>
/// <param name="Refusal">Why nothing changed; null if the command was executed.</param>
/// <param name="Subject">The customer, account, transaction, hold or saga.</param>
/// <param name="BalanceMinor">Posted balance of the account after the command, if an account is concerned.</param>
/// <param name="Position">The last event that it wrote, for the client's token. Seq is 0 if it wrote none.</param>
/// <param name="Kind">Whether the subject is a saga that is still running.</param>
public sealed record Reply(Refusal? Refusal, Guid Subject, long BalanceMinor, Position Position, OutcomeKind Kind)
{
    /// <summary>Whether the key had been used before, so that this is the first reply again.</summary>
    public bool IsRepeat { get; init; }
}
