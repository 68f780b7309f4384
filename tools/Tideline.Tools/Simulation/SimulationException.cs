namespace Tideline.Tools.Simulation;

/// <summary>A simulated run that cannot go on: a fault of the simulation, or of a program that stands still.</summary>
internal sealed class SimulationException(string message) : Exception(message);
