namespace Tideline.Ledger;

/// <summary>
/// State that a service stores on a shard beside the accounts that it moves: a saga, a card, a loan. It is written in
/// one transaction with the entries of the same command. The ledger does not interpret it.
/// </summary>
/// <param name="Id">Unique in the whole installation.</param>
/// <param name="Kind">What it is and how to read <paramref name="Data"/>: a short published name with a version, as in
/// <c>saga:transfer:1</c>; up to <see cref="LedgerLimits.AggregateKindCharacters"/>.</param>
/// <param name="Version">The number of its changes; 1 when it is created.</param>
/// <param name="State">A short published word; up to <see cref="LedgerLimits.AggregateStateCharacters"/>.</param>
/// <param name="AtRest">Nothing searches for it by its state, so it has no index entry.</param>
/// <param name="WakeUs">When it is due, microseconds; null when nothing is due.</param>
/// <param name="Data">All other data of the service.</param>
public sealed record AggregateRow(
    Guid Id, string Kind, long Version, string State, bool AtRest, long? WakeUs, byte[] Data);
