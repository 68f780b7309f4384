namespace Tideline.Tools.Simulation.Faults;

/// <summary>Which engines are away.</summary>
internal sealed class Outages
{
    private readonly HashSet<string> _away = new(StringComparer.Ordinal);

    /// <summary>The name of an engine as one process sees it: others may reach it.</summary>
    public static string NameOf(string engine, SimulatedProcess process) => $"{engine} of {process.Name}";

    /// <summary>Whether the faults of all engines have ended for good.</summary>
    public bool IsHealed { get; private set; }

    public bool IsAway(string engine) => _away.Contains(engine);

    public void Begin(string engine) => _away.Add(engine);

    public void End(string engine) => _away.Remove(engine);

    /// <summary>Ends every fault.</summary>
    public void Heal()
    {
        _away.Clear();
        IsHealed = true;
    }
}
