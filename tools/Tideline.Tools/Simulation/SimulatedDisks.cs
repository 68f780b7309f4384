using Tideline.Tools.Simulation.Engines;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Simulation;

/// <summary>What survives the processes of a simulated installation.</summary>
/// <param name="Ledger">The strong tier.</param>
/// <param name="Log">The bus.</param>
/// <param name="Views">The view tier.</param>
/// <param name="Cache">The cache.</param>
/// <param name="ServerTime">The clock of the servers, on which leases are measured.</param>
/// <param name="Kinds">What may go wrong.</param>
/// <param name="FaultRate">How many times as often as else calls fail.</param>
/// <param name="Outages">Which engines are away.</param>
internal sealed record SimulatedDisks(
    LedgerDisk Ledger, LogDisk Log, ViewDisk Views, CacheDisk Cache, TimeProvider ServerTime, FaultKinds Kinds,
    int FaultRate, Outages Outages);
