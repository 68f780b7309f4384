using Tideline.Gateway;
using Tideline.Gateway.Http;
using Tideline.Services;

namespace Tideline.Node;

/// <summary>A service of the node: its factory and its routes.</summary>
public sealed record ServiceRegistration
{
    private ServiceRegistration(Func<BankService> make, Action<BankService, RouteTable, GatewayParts> map) =>
        (Make, MapRoutes) = (make, map);

    /// <summary>Creates it, for one node.</summary>
    public Func<BankService> Make { get; }

    internal Action<BankService, RouteTable, GatewayParts> MapRoutes { get; }

    /// <summary>Creates the services of a node.</summary>
    public static ServiceCatalog MakeAll(IReadOnlyList<ServiceRegistration> services) =>
        new([.. services.Select(service => service.Make())]);

    /// <summary>Maps the routes of services that <see cref="MakeAll"/> created.</summary>
    internal static void MapAll(
        IReadOnlyList<ServiceRegistration> services, ServiceCatalog made, RouteTable routes, GatewayParts parts)
    {
        foreach (var (registration, service) in services.Zip(made.Services))
            registration.MapRoutes(service, routes, parts);
    }

    /// <summary>A service without routes.</summary>
    public static ServiceRegistration Of<T>(Func<T> make)
        where T : BankService => new(make, static (_, _, _) => { });

    /// <summary>A service with routes that need only the parts of the platform.</summary>
    internal static ServiceRegistration Of<T>(Func<T> make, Action<RouteTable, GatewayParts> map)
        where T : BankService => new(make, (_, routes, parts) => map(routes, parts));

    /// <summary>A service with routes that need the service.</summary>
    internal static ServiceRegistration Of<T>(Func<T> make, Action<T, RouteTable, GatewayParts> map)
        where T : BankService => new(make, (service, routes, parts) => map((T)service, routes, parts));
}
