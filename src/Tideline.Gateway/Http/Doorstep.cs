using Tideline.Gateway.Problems;
using Tideline.Kernel;

namespace Tideline.Gateway.Http;

/// <summary>
/// Answers requests while the node starts, before there is a gateway, and while it drains. The process is then live but
/// not ready; all other requests are refused.
/// </summary>
public sealed class Doorstep
{
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RequestDelegate? _gateway;
    private volatile bool _isDraining;
    private int _inside = 1;

    /// <summary>Passes requests to the gateway from now on.</summary>
    public void Open(RequestDelegate gateway) => _gateway = gateway;

    /// <summary>
    /// Accepts no more requests and returns when the requests in progress are answered, or when the time is over.
    /// </summary>
    public async Task CloseAsync(TimeSpan patience)
    {
        if (_isDraining) return;
        _isDraining = true;
        Leave();
        await _empty.Task.WaitAsync(patience, TimeProvider.System)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Answers a request, or passes it to the gateway.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        Interlocked.Increment(ref _inside);
        try
        {
            if (_gateway is { } gateway && !_isDraining) await gateway(http);
            else Refuse(http);
        }
        finally
        {
            Leave();
        }
    }

    private void Refuse(HttpContext http)
    {
        var what = _isDraining ? "draining" : "starting";
        if (http.Request.Path == "/health/live")
            JsonAnswer.Write(http, StatusCodes.Status200OK, 0, static (json, _) =>
                json.WriteString("status"u8, "live"));
        else if (http.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
            JsonAnswer.Write(http, StatusCodes.Status503ServiceUnavailable, what, Probe);
        else
            JsonAnswer.Write(http, Problem.Of(
                new TidelineException(ErrorCode.ShuttingDown,
                    $"The node is {what}; repeat the request with the same key in a moment.")));
    }

    private static void Probe(System.Text.Json.Utf8JsonWriter json, string what)
    {
        json.WriteString("status"u8, what);
        json.WriteStartArray("checks"u8);
        json.WriteStartObject();
        json.WriteString("name"u8, "node");
        json.WriteBoolean("ok"u8, false);
        json.WriteString("detail"u8, $"The node is {what}.");
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _inside) == 0) _empty.TrySetResult();
    }
}
