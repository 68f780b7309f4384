using Tideline.Ledger;

namespace Tideline.Services;

/// <summary>What a <see cref="ServiceCheck"/> is to look at.</summary>
/// <param name="Ledger">The strong tier.</param>
/// <param name="Shard">The shard to check; what it is compared with may be on others.</param>
/// <param name="Deep">Whether to look at every row rather than at a bounded sample.</param>
/// <param name="Advanced">Says how many rows of how many (null: not known) were checked.</param>
public sealed record CheckScope(GeneralLedger Ledger, int Shard, bool Deep, Action<long, long?> Advanced);
