namespace Tideline.Tools.Simulation.Engines;

/// <summary>What a call changed, so that it can be undone.</summary>
/// <param name="ChangesThrough">The newest change before it.</param>
internal sealed record ViewBatch(long ChangesThrough)
{
    /// <summary>Each document that it wrote, as it was before.</summary>
    public List<(ViewCollection Collection, string Id, ViewRow? Before)> Rows { get; } = [];

    /// <summary>Each watermark that it moved, as it was before.</summary>
    public List<((string Projection, int Shard) Key, WatermarkRow? Before)> Watermarks { get; } = [];
}
