using System.Collections.Frozen;

namespace Tideline.Tools.Simulation.Faults;

/// <summary>The calls of a role that change something, by how they may go wrong.</summary>
/// <param name="Writes">Those whose answer may be lost after they were done.</param>
/// <param name="Repeatable">Those of them that may be done twice.</param>
/// <param name="Untouched">Calls that nothing happens to: they wait, or answer from memory.</param>
internal sealed record EngineCalls(
    FrozenSet<string> Writes, FrozenSet<string> Repeatable, FrozenSet<string> Untouched)
{
    /// <summary>Does a part of a call that may be torn; false: the call is none of those.</summary>
    public Func<object, string, object?[], EngineFaults, ValueTask<bool>>? TearAsync { get; init; }

    /// <summary>Calls of a shard's reader.</summary>
    public static EngineCalls Reader { get; } = Of([], [], []);

    /// <summary>Calls of the log.</summary>
    public static EngineCalls Log { get; } = Of(
        ["AppendAsync", "CommitAsync"], ["AppendAsync", "CommitAsync"], ["WaitAsync"]);

    /// <summary>Calls of the view store.</summary>
    public static EngineCalls Views { get; } = Of(
        ["WriteAsync", "WriteBatchAsync", "RemoveAsync", "SetWatermarkAsync", "SetStateAsync", "EnsureCollectionAsync",
            "DropCollectionAsync", "PublishAsync"],
        ["RemoveAsync", "SetWatermarkAsync", "SetStateAsync"], []) with
    { TearAsync = FaultyViews.TearAsync };

    private static EngineCalls Of(string[] writes, string[] repeatable, string[] untouched) =>
        new(writes.ToFrozenSet(), repeatable.ToFrozenSet(), untouched.ToFrozenSet());
}
