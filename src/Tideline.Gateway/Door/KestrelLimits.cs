using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tideline.Kernel;

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
        kestrel.Limits.MaxConcurrentConnections = Limits.Connections;
        kestrel.Limits.MaxRequestLineSize = Limits.HeadReadBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = Limits.HeadReadBytes;
        kestrel.Limits.MaxRequestHeaderCount = Limits.HeadReadFields;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromMilliseconds(Limits.HeadReadMs);
        kestrel.Limits.MaxRequestBodySize = Limits.ImportBytes;
        kestrel.Limits.MinRequestBodyDataRate =
            new MinDataRate(Limits.BodyBytesPerSecond, TimeSpan.FromMilliseconds(Limits.BodyGraceMs));
    }
}
