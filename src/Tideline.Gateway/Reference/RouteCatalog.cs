using Tideline.Gateway.Http;

namespace Tideline.Gateway.Reference;

/// <summary>All public routes, as mapped; the reference is generated from them.</summary>
internal sealed class RouteCatalog
{
    /// <summary>In the order of mapping.</summary>
    public List<MappedRoute> Routes { get; } = [];
}
