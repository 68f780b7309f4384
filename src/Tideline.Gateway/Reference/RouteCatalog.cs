using Tideline.Gateway.Http;

namespace Tideline.Gateway.Reference;

/// <summary>Every public route, as mapped: what the reference is written from.</summary>
internal sealed class RouteCatalog
{
    /// <summary>In the order of mapping.</summary>
    public List<MappedRoute> Routes { get; } = [];
}
