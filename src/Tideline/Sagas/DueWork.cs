using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Work other than sagas that becomes due on a shard. A service registers it; its commands are idempotent.
/// </summary>
/// <param name="Name">Its name, as shown to operators.</param>
/// <param name="Find">Reads what is due at a time (microseconds), at most <see cref="SagaLimits.TimerRows"/>, and
/// returns a command for each.</param>
public sealed record DueWork(
    string Name, Func<IShardReader, long, CancellationToken, ValueTask<IReadOnlyList<LedgerCommand>>> Find);
