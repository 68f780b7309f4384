using Tideline.Views;

namespace Tideline.Tools.Simulation.Faults;

/// <summary>Writes a part of a batch of the view store, as a crash in the middle would.</summary>
internal static class FaultyViews
{
    /// <summary>Writes some of the groups and no watermark; false: the call is no batch.</summary>
    public static async ValueTask<bool> TearAsync(object engine, string call, object?[] arguments, EngineFaults faults)
    {
        if (call != nameof(IViewStore.WriteBatchAsync)) return false;
        var groups = (IReadOnlyList<CollectionWrites>)arguments[0]!;
        var whole = faults.Below(groups.Count + 1);
        List<CollectionWrites> written = [.. groups.Take(whole)];
        if (whole < groups.Count)
        {
            var next = groups[whole];
            written.Add(next with { Writes = [.. next.Writes.Take(faults.Below(next.Writes.Count + 1))] });
        }

        await ((IViewStore)engine).WriteBatchAsync(written, [], CancellationToken.None);
        return true;
    }
}
