using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// What time makes due on a shard besides sagas: a service registers it, and its commands are idempotent.
/// </summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Find">Reads what is due at a time (microseconds), at most <see cref="Kernel.Limits.TimerRows"/>, and
/// gives a command for each.</param>
public sealed record DueWork(
    string Name, Func<IShardReader, long, CancellationToken, ValueTask<IReadOnlyList<LedgerCommand>>> Find);
