using Tideline.Views;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>A watermark, and the epoch of ownership that wrote it.</summary>
internal sealed record WatermarkRow(Watermark Watermark, long Epoch);
