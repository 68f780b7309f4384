using Microsoft.Extensions.Logging;
using Tideline.Gateway.Http;
using Tideline.Gateway.Metrics;
using Tideline.Gateway.Routes;

namespace Tideline.Gateway;

/// <summary>HTTP over the core.</summary>
public static class TidelineGateway
{
    /// <summary>Adds what the gateway needs to the services.</summary>
    public static IServiceCollection AddTidelineGateway(this IServiceCollection services, GatewayParts parts)
    {
        services.AddSingleton(parts);
        services.AddSingleton<GatewayMetrics>();
        return services;
    }

    /// <summary>Maps every public route.</summary>
    public static void MapTideline(this IEndpointRouteBuilder endpoints)
    {
        var parts = endpoints.ServiceProvider.GetRequiredService<GatewayParts>();
        var metrics = endpoints.ServiceProvider.GetRequiredService<GatewayMetrics>();
        var logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Tideline.Gateway");
        var routes = new RouteTable(endpoints, metrics, parts.Time, logger);

        new CustomerRoutes(parts).Map(routes);
        new AccountRoutes(parts).Map(routes);
        new MovementRoutes(parts).Map(routes);
        new EntryRoutes(parts).Map(routes);
        new HoldRoutes(parts).Map(routes);
        new TransferRoutes(parts, metrics).Map(routes);
        new TransferBatchRoutes(parts, metrics).Map(routes);
        routes.MapRest();
    }
}
