using Tideline.Services.Payments;

namespace Tideline.Gateway.Metrics;

/// <summary>What the gateway counts about itself.</summary>
internal sealed class GatewayMetrics
{
    private readonly List<RouteMeter> _routes = [];
    private readonly long[] _transfers = new long[Enum.GetValues<TransferStatus>().Length];
    private long _transfersFailed;

    /// <summary>One meter a route.</summary>
    public IReadOnlyList<RouteMeter> Routes => _routes;

    /// <summary>Transfers that ended in a fault, so that the client must ask again.</summary>
    public long TransfersFailed => Volatile.Read(ref _transfersFailed);

    /// <summary>A meter for a new route; called while routes are mapped, by one thread.</summary>
    public RouteMeter AddRoute(string method, string route)
    {
        var meter = new RouteMeter(method, route);
        _routes.Add(meter);
        return meter;
    }

    /// <summary>Counts a transfer's answer.</summary>
    public void Record(TransferStatus outcome) => Interlocked.Increment(ref _transfers[(int)outcome]);

    /// <summary>Counts a transfer whose fate the answer could not tell.</summary>
    public void RecordFailed() => Interlocked.Increment(ref _transfersFailed);

    /// <summary>Transfers answered so.</summary>
    public long Transfers(TransferStatus outcome) => Volatile.Read(ref _transfers[(int)outcome]);
}
