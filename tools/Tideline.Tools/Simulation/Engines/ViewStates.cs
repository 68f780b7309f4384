using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>The named states on a <see cref="ViewDisk"/>, under its lock, each with the epoch that wrote it.</summary>
internal sealed class ViewStates
{
    // Without JSON: somebody wrote over it what cannot be read.
    private readonly Dictionary<string, (byte[]? Json, long Epoch)> _states = new(StringComparer.Ordinal);

    /// <summary>Refuses what would write over a later epoch.</summary>
    /// <exception cref="TidelineException">NotOwner.</exception>
    public static void Fence(long known, long epoch, string what)
    {
        if (epoch != ViewEpoch.Any && known > epoch) throw new TidelineException(
            ErrorCode.NotOwner, $"Epoch {known} of ownership wrote {what}; this process had epoch {epoch}.");
    }

    /// <exception cref="TidelineException">Corrupt: somebody else wrote it.</exception>
    public byte[]? Get(string name)
    {
        if (!_states.TryGetValue(name, out var state)) return null;
        return state.Json is { } json
            ? [.. json]
            : throw new TidelineException(ErrorCode.Corrupt, $"Another program wrote over the state '{name}'.");
    }

    /// <exception cref="TidelineException">NotOwner: a later epoch wrote it.</exception>
    public void Set(string name, byte[]? json, long epoch)
    {
        Fence(_states.GetValueOrDefault(name).Epoch, epoch, $"the state '{name}'");
        if (json is null) _states.Remove(name);
        else _states[name] = ([.. json], Math.Max(0, epoch));
    }

    public void Break(string name) => _states[name] = (null, 0);

    public void Clear() => _states.Clear();
}
