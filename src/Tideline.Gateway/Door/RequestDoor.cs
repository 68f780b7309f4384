using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Tideline.Gateway.Http;
using Tideline.Gateway.Metrics;
using Tideline.Gateway.Problems;
using Tideline.Kernel;

namespace Tideline.Gateway.Door;

/// <summary>
/// Checks every request before a route handles it: it is for this node, no page of another site sent it, and its head
/// is within limits. A node without client identities relies on this for protection against web pages.
/// </summary>
internal static class RequestDoor
{
    /// <summary>Adds the checks before every route.</summary>
    public static void UseDoor(this IApplicationBuilder web, HostNames hosts, RouteMeter? refused = null) =>
        web.Use((http, next) =>
        {
            if (Check(http, hosts) is not { } problem) return next(http);
            JsonAnswer.Write(http, problem);
            refused?.Record(problem.Status, 0);
            return Task.CompletedTask;
        });

    /// <summary>Why a request is refused; null if it is accepted.</summary>
    public static Problem? Check(HttpContext http, HostNames hosts)
    {
        var request = http.Request;
        if (!hosts.Contains(request.Host, http.Connection.LocalIpAddress))
        {
            var named = request.Host.HasValue
                ? $"for '{Shorten(request.Host.Host)}'"
                : "to a request without a Host header";
            return new Problem(
                ProblemTypes.HostRefused,
                $"This node does not accept {named}; list its host names in --hosts (TIDELINE_HOSTS).", "Host");
        }

        return CheckSite(request) ?? CheckHead(http);
    }

    // Browsers send Origin with what a page posts, and Sec-Fetch-Site with every request; a page cannot change either.
    private static Problem? CheckSite(HttpRequest request)
    {
        var (origin, site) = (request.Headers.Origin, request.Headers["Sec-Fetch-Site"]);
        if (origin.Count > 0 && !IsOwn(origin, request.Host))
            return new Problem(ProblemTypes.OriginRefused,
                $"Pages of '{Shorten(origin.ToString())}' may not use this node.", "Origin");
        if (site.Count > 0 && site.ToString() is not ("same-origin" or "none"))
            return new Problem(ProblemTypes.OriginRefused,
                "Pages of other sites may not use this node; open the address itself.", "Sec-Fetch-Site");
        return null;
    }

    // The scheme is ignored, since a proxy may terminate TLS.
    private static bool IsOwn(StringValues origin, HostString host)
    {
        if (origin is not [{ } text]) return false;
        var at = text.IndexOf("://", StringComparison.Ordinal);
        return at > 0 && text.AsSpan(at + 3).Equals(host.Value, StringComparison.OrdinalIgnoreCase);
    }

    private static Problem? CheckHead(HttpContext http)
    {
        var target = http.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (target?.Length > GatewayLimits.RequestLineBytes)
            return new Problem(ProblemTypes.UriTooLong,
                $"Path and query may have at most {GatewayLimits.RequestLineBytes} bytes.");
        var headers = http.Request.Headers;
        var (fields, bytes) = (0, 0);
        foreach (var (name, values) in headers)
        {
            fields += values.Count;
            foreach (var value in values) bytes += name.Length + (value?.Length ?? 0);
        }

        if (fields > GatewayLimits.HeaderFields || bytes > GatewayLimits.HeaderBytes)
            return new Problem(ProblemTypes.HeadersTooLarge,
                $"A request may have at most {GatewayLimits.HeaderFields} header fields, "
                + $"{GatewayLimits.HeaderBytes} bytes in all.");
        // Two lengths: a proxy may have used the other one. Kestrel keeps the one that it ignores under this name.
        if (headers.TransferEncoding.Count > 0 && headers.ContainsKey("X-Content-Length"))
            return new Problem(ProblemTypes.Of(ErrorCode.InvalidInput),
                "Send Content-Length or Transfer-Encoding, not both.", "Content-Length");
        // With another coding, a proxy may have read the body differently.
        if (headers.TransferEncoding is { Count: > 0 } coding
            && !(coding is [{ } one] && one.Equals("chunked", StringComparison.OrdinalIgnoreCase)))
            return new Problem(ProblemTypes.Of(ErrorCode.InvalidInput),
                "Transfer-Encoding must be chunked.", "Transfer-Encoding");
        return null;
    }

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
