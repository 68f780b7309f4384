using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.Logging;
using Tideline.Gateway.Metrics;
using Tideline.Gateway.Problems;
using Tideline.Gateway.Reference;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Queries;

namespace Tideline.Gateway.Http;

/// <summary>Answers a request; a returned problem, if any, is sent as a problem document.</summary>
internal delegate Task<Problem?> RouteHandler(HttpContext http);

/// <summary>
/// The public routes. Each is one plain request delegate with a meter around it: no filters, no reflective binding,
/// nothing that a request does not need.
/// </summary>
internal sealed partial class RouteTable(
    IEndpointRouteBuilder endpoints, RouteCatalog catalog, GatewayMetrics metrics, TimeProvider time,
    GeneralLedger ledger,
    ILogger logger)
{
    // Counted, but never sent: the response may have begun, and then even its status cannot be set.
    private static readonly Problem Gone =
        new(new ProblemType("client-gone", StatusCodes.Status499ClientClosedRequest, "The client has gone"), "");

    // Routes of pages, which the framework maps.
    private static readonly string[] Pages = ["/docs/{**rest}", "/openapi/{name}"];

    /// <summary>The methods of a read route; the server sends no body for HEAD.</summary>
    public static string[] ReadMethods { get; } = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Where routes register their own metrics.</summary>
    public GatewayMetrics Metrics => metrics;

    /// <summary>The logger of routes.</summary>
    public ILogger Logger => logger;

    /// <summary>Adds a GET route, and HEAD with it.</summary>
    public void Get(string path, RouteNotes notes, RouteHandler handler) => Map(HttpMethods.Get, path, notes, handler);

    /// <summary>Adds a POST route.</summary>
    public void Post(string path, RouteNotes notes, RouteHandler handler) =>
        Map(HttpMethods.Post, path, notes, handler);

    /// <summary>Adds a PATCH route.</summary>
    public void Patch(string path, RouteNotes notes, RouteHandler handler) =>
        Map(HttpMethods.Patch, path, notes, handler);

    /// <summary>Adds a POST route that is not public: it is not part of the reference.</summary>
    public void PostInternal(string path, RouteHandler handler) =>
        endpoints.MapMethods(path, [HttpMethods.Post], Metered(HttpMethods.Post, path, handler));

    /// <summary>
    /// Answers requests that no route handles: OPTIONS, 405 if the path exists with other methods, else 404.
    /// </summary>
    public void MapRest()
    {
        var paths = catalog.Routes.Select(route => (route.Method, route.Path))
            .Concat(Pages.Select(path => (Method: HttpMethods.Get, Path: path)))
            .Select(route => (route.Method, Matcher: new TemplateMatcher(TemplateParser.Parse(route.Path), [])))
            .ToList();
        var handle = Metered("*", "unmatched", http =>
        {
            // OPTIONS * is about the server itself.
            if (!http.Request.Path.HasValue && HttpMethods.IsOptions(http.Request.Method)) return Options(http);
            var methods = paths.Where(path => path.Matcher.TryMatch(http.Request.Path, []))
                .Select(path => path.Method).Distinct().ToList();
            if (methods.Count == 0)
                return Task.FromResult<Problem?>(new Problem(ProblemTypes.RouteNotFound, $"There is no route "
                    + $"{http.Request.Path}; the routes are listed at /openapi/v1.json and shown at /docs."));
            if (methods.Contains(HttpMethods.Get)) methods.Add(HttpMethods.Head);
            http.Response.Headers.Allow = string.Join(", ", [.. methods, HttpMethods.Options]);
            if (HttpMethods.IsOptions(http.Request.Method)) return Options(http);
            return Task.FromResult<Problem?>(new Problem(ProblemTypes.MethodNotAllowed,
                $"{http.Request.Path} takes {string.Join(", ", methods)}, not {http.Request.Method}."));
        });
        endpoints.MapFallback("{**path}", handle);
    }

    private static Task<Problem?> Options(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.FromResult<Problem?>(null);
    }

    private void Map(string method, string path, RouteNotes notes, RouteHandler handler)
    {
        catalog.Routes.Add(new MappedRoute(method, path, notes));
        var contract = new RouteContract(notes, ledger);
        var checkedHandler = Metered(method, path, http =>
            contract.Check(http) is { } problem ? Task.FromResult<Problem?>(problem)
                : contract.HasToken(http) ? contract.CheckTokenAsync(http, handler) : handler(http));
        endpoints.MapMethods(path, method == HttpMethods.Get ? ReadMethods : [method], checkedHandler)
            .WithMetadata(TokenScope.Of(ledger));
    }

    private RequestDelegate Metered(string method, string path, RouteHandler handler)
    {
        var meter = metrics.AddRoute(method, path);
        return async http =>
        {
            var started = time.GetTimestamp();
            var problem = await AnswerAsync(http, handler);
            if (problem is not null && problem != Gone)
            {
                // A stream that has begun cannot be withdrawn: the client sees it end early.
                if (http.Response.HasStarted) http.Abort();
                else JsonAnswer.Write(http, problem);
            }

            var status = problem == Gone ? Gone.Status : http.Response.StatusCode;
            meter.Record(status, (long)time.GetElapsedTime(started).TotalMicroseconds);
        };
    }

    private async Task<Problem?> AnswerAsync(HttpContext http, RouteHandler handler)
    {
        try
        {
            return await handler(http);
        }
        catch (TidelineException fault)
        {
            if (fault.Code is ErrorCode.Internal or ErrorCode.Corrupt)
                LogFault(http.Request.Method, http.Request.Path, fault);
            return Problem.Of(fault);
        }
        catch (Exception fault) when (Problem.OfBody(fault) is not null)
        {
            return Problem.OfBody(fault);
        }
        catch (Exception fault) when (IsGone(http, fault))
        {
            return Gone;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            LogFault(http.Request.Method, http.Request.Path, fault);
            return Problem.Of(new TidelineException(ErrorCode.Internal, fault.Message, fault));
        }
    }

    // A broken connection shows as a fault of a read or a write, sometimes before the request counts as aborted.
    private static bool IsGone(HttpContext http, Exception fault) =>
        fault is ConnectionResetException or ConnectionAbortedException
        || (http.RequestAborted.IsCancellationRequested && fault is (OperationCanceledException or IOException));

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private partial void LogFault(string method, PathString path, Exception fault);
}
