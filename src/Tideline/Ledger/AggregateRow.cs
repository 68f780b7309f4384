namespace Tideline.Ledger;

/// <summary>
/// What a service keeps on a shard beside the accounts that it moves: a saga, a card, a loan. It is written in one
/// transaction with the entries of the same command. The ledger never reads what it means.
/// </summary>
/// <param name="Id">Names one thing in the whole installation.</param>
/// <param name="Kind">What it is and how to read <paramref name="Data"/>: a short published name with a version, as in
/// <c>saga:transfer:1</c>; up to <see cref="Kernel.Limits.AggregateKindCharacters"/>.</param>
/// <param name="Version">Number of its changes; 1 when it is made.</param>
/// <param name="State">A short published word; up to <see cref="Kernel.Limits.AggregateStateCharacters"/>.</param>
/// <param name="AtRest">Nobody looks for it by its state: it costs no index entry.</param>
/// <param name="WakeUs">When it is due, microseconds; null when nothing is due.</param>
/// <param name="Data">All else that its service keeps.</param>
public sealed record AggregateRow(
    Guid Id, string Kind, long Version, string State, bool AtRest, long? WakeUs, byte[] Data);
