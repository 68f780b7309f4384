using Tideline.Ledger;

namespace Tideline.Node;

/// <summary>Engines that a caller brings.</summary>
/// <param name="Name">The process's name, as shown to people.</param>
/// <param name="Address">Where other processes reach this one; empty if none can.</param>
/// <param name="Open">Makes them for the process that will own shards.</param>
internal sealed record OwnEngines(string Name, string Address, Func<ShardOwner, IEngineSet> Open);
