using Tideline.Gateway.Http;
using Tideline.Services.Accounts;

namespace Tideline.Gateway.Routes.Accounts;

/// <summary>The routes of customers and their accounts.</summary>
internal static class AccountsRoutes
{
    /// <summary>Maps them.</summary>
    public static void Map(AccountsService accounts, RouteTable routes, GatewayParts parts)
    {
        new CustomerRoutes(parts).Map(routes);
        new ViewRoutes(accounts, parts).Map(routes);
        new AccountRoutes(parts).Map(routes);
        new MovementRoutes(parts).Map(routes);
        new EntryRoutes(parts).Map(routes);
        new HoldRoutes(parts).Map(routes);
    }
}
