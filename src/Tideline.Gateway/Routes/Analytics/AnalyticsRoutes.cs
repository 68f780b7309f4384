using Tideline.Gateway.Http;
using Tideline.Services.Analytics;

namespace Tideline.Gateway.Routes.Analytics;

/// <summary>The routes of analytics.</summary>
internal static class AnalyticsRoutes
{
    /// <summary>Maps them.</summary>
    public static void Map(AnalyticsService analytics, RouteTable routes, GatewayParts parts)
    {
        _ = analytics;
        new DailyRoutes(parts).Map(routes);
    }
}
