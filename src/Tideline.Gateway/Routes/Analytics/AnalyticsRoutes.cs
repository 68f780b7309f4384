using Tideline.Gateway.Http;

namespace Tideline.Gateway.Routes.Analytics;

/// <summary>The routes of analytics.</summary>
internal static class AnalyticsRoutes
{
    /// <summary>Maps them.</summary>
    public static void Map(RouteTable routes, GatewayParts parts)
    {
        new DailyRoutes(parts).Map(routes);
    }
}
