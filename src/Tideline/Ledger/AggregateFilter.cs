namespace Tideline.Ledger;

/// <summary>Selects the aggregates of a list.</summary>
/// <param name="KindPrefix">The prefix of their kinds; empty for all.</param>
/// <param name="States">Their states; empty for any.</param>
/// <param name="AtRest">True: aggregates at rest, which takes a table scan. False: the others, which are
/// indexed.</param>
public sealed record AggregateFilter(string KindPrefix, IReadOnlyList<string> States, bool AtRest = false);
