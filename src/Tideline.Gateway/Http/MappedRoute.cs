namespace Tideline.Gateway.Http;

/// <summary>A public route.</summary>
internal sealed record MappedRoute(string Method, string Path, RouteNotes Notes);
