using Tideline.Projections;
using Tideline.Services.Accounts.Views;
using Tideline.Services.Analytics;
using Tideline.Services.Archive;

namespace Tideline.Services;

/// <summary>The projections of all services: a line registers one.</summary>
public static class ServiceProjections
{
    /// <summary>In the order in which they are shown.</summary>
    public static IReadOnlyList<ProjectionDefinition> All { get; } =
    [
        CustomersProjection.Definition,
        EventsProjection.Definition,
        AnalyticsProjection.Definition,
    ];
}
