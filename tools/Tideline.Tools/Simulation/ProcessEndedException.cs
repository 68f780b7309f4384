namespace Tideline.Tools.Simulation;

/// <summary>
/// Ends the threads of a process that was killed. The product handles every exception but this kind, which leaves it
/// no state to go on with; so nothing of it runs on.
/// </summary>
internal sealed class ProcessEndedException() : OutOfMemoryException("The simulated process was killed.");
