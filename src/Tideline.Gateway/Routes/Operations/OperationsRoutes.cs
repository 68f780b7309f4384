using Tideline.Gateway.Http;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>The routes of operations.</summary>
internal static class OperationsRoutes
{
    /// <summary>Maps them.</summary>
    public static void Map(RouteTable routes, GatewayParts parts)
    {
        new SagaRoutes(parts).Map(routes);
        new ProjectionRoutes(parts).Map(routes);
        new DeadLetterRoutes(parts).Map(routes);
        new AuditRoutes(parts).Map(routes);
        new ReceiptRoutes(parts.Receipts).Map(routes);
        new ConsistencyRoutes(parts).Map(routes);
        new ShardRoutes(parts).Map(routes);
        new BackupRoutes(parts).Map(routes);
        var health = new HealthRoutes(parts);
        health.Map(routes);
        new MetricRoutes(parts, routes.Metrics, health).Map(routes);
    }
}
