using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>
/// One shard of the raw baseline: the hand-written statements of same-shard transfers on the ledger's own tables, with
/// funded accounts.
/// </summary>
internal interface IRawShard : IDisposable
{
    /// <summary>What each account has in the beginning.</summary>
    const long FundsMinor = 100_000_000;

    SeededRandom Random { get; }

    BaselineAccount[] Accounts { get; }

    void Begin();

    void UpdateAccount(BaselineAccount account);

    void InsertTransaction(Guid id, long amount, long timeUs);

    void InsertEntry(in BaselineEntry entry, long timeUs);

    void InsertEvent(int type, Guid subject, long version, long timeUs);

    void InsertOutcome(Guid key, Guid subject, long balance, bool reserved, long timeUs);

    /// <summary>Durable when it returns.</summary>
    void Commit(long timeUs);
}

/// <summary>An account as a baseline keeps it in memory.</summary>
internal sealed class BaselineAccount(Guid id)
{
    public Guid Id { get; } = id;

    public long Posted { get; set; }

    public long Version { get; set; }

    public bool InBatch { get; set; }
}

/// <summary>An entry to insert.</summary>
internal readonly record struct BaselineEntry(
    Guid Account, long Version, Guid Transaction, long Amount, long PostedAfter);
