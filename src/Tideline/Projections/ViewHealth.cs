using Tideline.Kernel;

namespace Tideline.Projections;

/// <summary>What the views have to say to <see cref="NodeHealth"/>.</summary>
public static class ViewHealth
{
    /// <summary>Registers the views of each shard, which may fall behind, and what keeps them up to date.</summary>
    public static void Register(NodeHealth health, ProjectionHost host)
    {
        foreach (var status in host.Projector.Status())
            health.Register($"views of shard {status.Shard}", FaultScope.Freshness, () =>
                Fault(host.Projector.Status()[status.Shard]));
        health.Register("projector", FaultScope.Freshness, () => host.Projector.Fault);
        health.Register("aging of the views", FaultScope.Detail, () => host.Aging.Fault);
    }

    private static string? Fault(ProjectionStatus status)
    {
        if (status.Fault is { } fault) return fault;
        if (!status.Healthy) return $"The views of shard {status.Shard} stand still, {status.LagEvents} events behind.";
        return status.LagMs <= Limits.ViewsBehindMs ? null
            : $"The views of shard {status.Shard} are {status.LagMs / 1_000:0.0} s behind, {status.LagEvents} events; "
                + $"the bound is {Limits.ViewsBehindMs / 1_000} s.";
    }
}
