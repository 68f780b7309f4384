namespace Tideline.Projections;

/// <summary>
/// How far a projection is on one shard. <paramref name="LagMs"/>: now − commit time of the first event not applied,
/// never understated; 0 when idle, infinite when not known.
/// <paramref name="Healthy"/>: false when the watermark stands still with work to do, or <paramref name="Fault"/> says
/// what stops it.
/// </summary>
public sealed record ProjectionStatus(
    string Projection, int Shard, int ViewVersion, long Watermark,
    long WatermarkTimeUs, long Head, long LagEvents, double LagMs, bool Healthy, string? Fault, int BlockedKeys);
