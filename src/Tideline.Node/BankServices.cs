using Tideline.Gateway.Routes.Accounts;
using Tideline.Gateway.Routes.Analytics;
using Tideline.Gateway.Routes.Payments;
using Tideline.Projections;
using Tideline.Services.Accounts;
using Tideline.Services.Analytics;
using Tideline.Services.Archive;
using Tideline.Services.Payments;

namespace Tideline.Node;

/// <summary>The services of this build, one line each.</summary>
public static class BankServices
{
    /// <summary>All services, in the order in which they start.</summary>
    public static IReadOnlyList<ServiceRegistration> All { get; } =
    [
        ServiceRegistration.Of(() => new AccountsService(), AccountsRoutes.Map),
        ServiceRegistration.Of(() => new ArchiveService()),
        ServiceRegistration.Of(() => new PaymentsService(), PaymentsRoutes.Map),
        ServiceRegistration.Of(() => new AnalyticsService(), AnalyticsRoutes.Map),
    ];

    /// <summary>The projections of all services.</summary>
    internal static IReadOnlyList<ProjectionDefinition> Projections { get; } =
        ServiceRegistration.MakeAll(All).Projections;
}
