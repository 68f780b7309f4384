using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Tideline.Gateway.Door;

/// <summary>
/// The limits that the server enforces itself: its refusals reach no route and have no problem document.
/// </summary>
public static class KestrelLimits
{
    /// <summary>Sets them.</summary>
    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = GatewayLimits.Connections;
        kestrel.Limits.MaxRequestLineSize = GatewayLimits.HeadReadBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = GatewayLimits.HeadReadBytes;
        kestrel.Limits.MaxRequestHeaderCount = GatewayLimits.HeadReadFields;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromMilliseconds(GatewayLimits.HeadReadMs);
        kestrel.Limits.MaxRequestBodySize = GatewayLimits.AnyBodyBytes;
        kestrel.Limits.MinRequestBodyDataRate =
            new MinDataRate(GatewayLimits.BodyBytesPerSecond, TimeSpan.FromMilliseconds(GatewayLimits.BodyGraceMs));
    }
}
