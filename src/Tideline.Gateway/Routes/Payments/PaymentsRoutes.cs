using Tideline.Gateway.Http;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>The routes of payments.</summary>
internal static class PaymentsRoutes
{
    /// <summary>Maps them.</summary>
    public static void Map(PaymentsService payments, RouteTable routes, GatewayParts parts)
    {
        var counts = new TransferCounts();
        routes.Metrics.Add(counts.WriteTo);
        new TransferRoutes(payments.Transfers, counts, parts).Map(routes);
        new TransferBatchRoutes(payments.Transfers, counts, parts.Time, routes.Logger).Map(routes);
        new ImportRoutes(payments.Imports).Map(routes);
        new StatementRoutes(payments.Statements).Map(routes);
    }
}
