namespace Tideline.Tools.Simulation;

/// <summary>A thread of a simulated process. It runs only while the loop of the world waits for it.</summary>
internal sealed class SimulatedThread(SimulatedProcess process, string name)
{
    public SimulatedProcess Process => process;

    public string Name => name;

    /// <summary>Released when it may run.</summary>
    public AutoResetEvent Turn { get; } = new(false);

    /// <summary>The lock whose pulse it waits for.</summary>
    public object? Gate { get; set; }

    /// <summary>Counts its waits: a wake-up for an earlier one is ignored.</summary>
    public long Wait { get; set; }

    public bool IsOver { get; set; }
}
