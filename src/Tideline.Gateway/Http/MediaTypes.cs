namespace Tideline.Gateway.Http;

/// <summary>Which form a body has and which form is wanted.</summary>
internal static class MediaTypes
{
    /// <summary>Whether a content type is XML.</summary>
    public static bool IsXml(string? contentType) =>
        contentType is not null && (contentType.StartsWith("application/xml", StringComparison.OrdinalIgnoreCase) || contentType.StartsWith("text/xml", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the client asks for XML by name; a wildcard gets JSON.</summary>
    public static bool WantsXml(HttpContext http) =>
        http.Request.Headers.Accept.Any(accept => accept is not null && (accept.Contains("application/xml", StringComparison.OrdinalIgnoreCase) || accept.Contains("text/xml", StringComparison.OrdinalIgnoreCase)));
}
