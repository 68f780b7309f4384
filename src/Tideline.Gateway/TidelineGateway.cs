using Microsoft.Extensions.Logging;
using Scalar.AspNetCore;
using Tideline.Gateway.Door;
using Tideline.Gateway.Http;
using Tideline.Gateway.Metrics;
using Tideline.Gateway.Peers;
using Tideline.Gateway.Reference;
using Tideline.Gateway.Routes.Operations;

namespace Tideline.Gateway;

/// <summary>HTTP over the core.</summary>
public static class TidelineGateway
{
    /// <summary>Adds the services that the gateway needs.</summary>
    public static IServiceCollection AddTidelineGateway(this IServiceCollection services)
    {
        services.AddRouting();
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<RouteCatalog>();
        services.AddOpenApi("v1", options => options.AddDocumentTransformer<ReferenceDocument>());
        return services;
    }

    /// <summary>
    /// Adds the request checks before the routes, and maps every public route. Identity and authorisation also belong
    /// here; until they exist, only web pages of other sites are kept out.
    /// </summary>
    public static void UseTideline(this IApplicationBuilder app, GatewayParts parts)
    {
        var metrics = app.ApplicationServices.GetRequiredService<GatewayMetrics>();
        app.UseDoor(parts.Hosts, metrics.AddRoute("*", "refused"));
        app.UseRouting();
        app.UseEndpoints(endpoints => Map(endpoints, parts));
    }

    private static void Map(IEndpointRouteBuilder web, GatewayParts parts)
    {
        var services = web.ServiceProvider;
        var metrics = services.GetRequiredService<GatewayMetrics>();
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Tideline.Gateway");
        var routes = new RouteTable(web, services.GetRequiredService<RouteCatalog>(), metrics, parts.Time,
            parts.Ledger, logger);

        parts.ServiceRoutes(routes, parts);
        OperationsRoutes.Map(routes, parts);
        if (parts.Receiver is { } receiver) new PeerRoutes(receiver).Map(routes);

        web.MapOpenApi().WithMetadata(new HttpMethodMetadata(RouteTable.ReadMethods));
        web.MapScalarApiReference("/docs", options => options.WithTitle("Tideline"))
            .WithMetadata(new HttpMethodMetadata(RouteTable.ReadMethods));
        routes.MapRest();
    }
}
