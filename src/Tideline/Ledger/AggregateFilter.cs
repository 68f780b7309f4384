namespace Tideline.Ledger;

/// <summary>Which aggregates a list shows.</summary>
/// <param name="KindPrefix">How their kinds begin; empty for all.</param>
/// <param name="States">The states that they are in, up to <see cref="Kernel.Limits.AggregateStates"/>; empty for any.
/// </param>
/// <param name="AtRest">Those at rest, which takes a walk of the table, or the others, which an index holds.</param>
public sealed record AggregateFilter(string KindPrefix, IReadOnlyList<string> States, bool AtRest = false);
