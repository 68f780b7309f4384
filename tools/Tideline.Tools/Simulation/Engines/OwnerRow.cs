using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>Who acquired a shard last.</summary>
/// <param name="Writer">The number of the handle; none has it twice.</param>
/// <param name="Process">The process, as others see it.</param>
/// <param name="Keeps">Whether the process keeps the shard from others that prefer it.</param>
internal sealed record OwnerRow(long Writer, ShardOwner Process, bool Keeps);
