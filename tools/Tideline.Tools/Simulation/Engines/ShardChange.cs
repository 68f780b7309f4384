namespace Tideline.Tools.Simulation.Engines;

/// <summary>A step in the history of a shard. Carried out on several tables, so it gives the same each time.</summary>
/// <param name="Apply">Changes the tables.</param>
/// <param name="IsBatch">Whether a writer committed it as a batch.</param>
internal sealed record ShardChange(Action<ShardTables> Apply, bool IsBatch);
