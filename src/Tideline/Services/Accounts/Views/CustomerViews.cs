#pragma warning disable CA2000 // This owns its parts; DisposeAsync ends them.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Services.Accounts.Views;

/// <summary>The read side of customers: their queries, and the aging of their documents when a day ends.</summary>
public sealed class CustomerViews : IAsyncDisposable
{
    private CustomerViews(CustomerQueries queries, Aging aging) => (Queries, Aging) = (queries, aging);

    /// <summary>Customers and their movements at the requested freshness.</summary>
    public CustomerQueries Queries { get; }

    /// <summary>Ages documents when days leave the window.</summary>
    public Aging Aging { get; }

    /// <summary>Starts serving reads, and registers the fault of aging.</summary>
    public static CustomerViews Start(ViewContext context)
    {
        var views = Create(context);
        views.Aging.Start();
        context.Health.Register("aging of customers", FaultScope.Detail, () => views.Aging.Fault);
        return views;
    }

    /// <summary>Creates the parts without their loops: for tests that step them.</summary>
    internal static CustomerViews Create(ViewContext context)
    {
        var (customers, damaged) = (context.Projections[CustomersProjection.Name], context.Projections.Damaged);
        return new CustomerViews(
            new CustomerQueries(customers, context.Ledger, context.Views, context.Cache, damaged, context.Time),
            new Aging(
                customers.Projector, context.Views, damaged, context.Time, context.Loggers.CreateLogger<Aging>()));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Aging.DisposeAsync();
}
