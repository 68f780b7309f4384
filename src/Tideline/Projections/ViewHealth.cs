using Tideline.Kernel;

namespace Tideline.Projections;

/// <summary>What the views have to say to <see cref="NodeHealth"/>.</summary>
public static class ViewHealth
{
    /// <summary>
    /// Registers each projection on each shard, which may fall behind, and what keeps it up to date.
    /// </summary>
    public static void Register(NodeHealth health, ProjectionHost host)
    {
        foreach (var projection in host.All)
        {
            var projector = projection.Projector;
            foreach (var status in projector.Status())
                health.Register($"{status.Projection} of shard {status.Shard}", FaultScope.Freshness, () =>
                    Fault(projector.Status()[status.Shard]));
            health.Register($"projector of {projection.Name}", FaultScope.Freshness, () => projector.Fault);
        }
    }

    private static string? Fault(ProjectionStatus status)
    {
        if (status.Fault is { } fault) return fault;
        var where = $"{status.Projection} of shard {status.Shard}";
        if (!status.Healthy) return $"The projection {where} stands still, {status.LagEvents} events behind.";
        return status.LagMs <= ProjectionLimits.ViewsBehindMs ? null
            : $"The projection {where} is {status.LagMs / 1_000:0.0} s behind, {status.LagEvents} events; "
                + $"the bound is {ProjectionLimits.ViewsBehindMs / 1_000} s.";
    }
}
