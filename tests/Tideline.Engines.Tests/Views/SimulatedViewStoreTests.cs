using Tideline.Tools.Simulation.Engines;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

public sealed class SimulatedViewStoreTests : ViewStoreContract<SimulatedViews>;

public sealed class SimulatedViewQueryTests : ViewQueryContract<SimulatedViews>;

public sealed class SimulatedViewChangesTests : ViewChangesContract<SimulatedViews>;

/// <summary>View stores on a disk of the test.</summary>
public sealed class SimulatedViews : IViewStoreSource
{
    private readonly ViewDisk _disk = new();

    public ValueTask<IViewStore> OpenAsync() => new(new SimulatedViewStore(_disk));

    public ValueTask<IViewStore> OpenShortLogAsync(int keptChanges) =>
        new(new SimulatedViewStore(new ViewDisk(keptChanges)));

    public ValueTask DisposeAsync()
    {
        _disk.Wipe();
        return ValueTask.CompletedTask;
    }
}
