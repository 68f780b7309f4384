namespace Tideline.Gateway.Metrics;

/// <summary>The gateway's own metrics, and the metrics that its routes add to <c>/metrics</c>.</summary>
internal sealed class GatewayMetrics
{
    private readonly List<RouteMeter> _routes = [];
    private readonly List<Action<PrometheusText>> _writers = [];

    /// <summary>One meter per route.</summary>
    public IReadOnlyList<RouteMeter> Routes => _routes;

    /// <summary>A meter for a new route; called while routes are mapped, by one thread.</summary>
    public RouteMeter AddRoute(string method, string route)
    {
        var meter = new RouteMeter(method, route);
        _routes.Add(meter);
        return meter;
    }

    /// <summary>Adds metric families; called while routes are mapped, by one thread.</summary>
    public void Add(Action<PrometheusText> writer) => _writers.Add(writer);

    /// <summary>Writes the added metrics.</summary>
    public void WriteTo(PrometheusText text)
    {
        foreach (var writer in _writers) writer(text);
    }
}
