#pragma warning disable CA1001 // A stream in memory holds nothing.
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tideline.Tools.Simulation;

/// <summary>A request to a simulated node and its answer, in memory.</summary>
internal sealed class HttpExchange
{
    private readonly MemoryStream _answer = new();

    /// <param name="method">The HTTP method.</param>
    /// <param name="target">Path and query.</param>
    /// <param name="headers">Names and values.</param>
    /// <param name="body">The JSON of the body; null: none.</param>
    public HttpExchange(
        string method, string target, IReadOnlyList<(string Name, string Value)> headers, string? body)
    {
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_answer));
        var request = http.Request;
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        (request.Method, request.Scheme, request.Protocol) = (method, "http", "HTTP/1.1");
        request.Host = new HostString("127.0.0.1", 7400);
        request.Path = mark < 0 ? target : target[..mark];
        request.QueryString = mark < 0 ? QueryString.Empty : new QueryString(target[mark..]);
        foreach (var (name, value) in headers) request.Headers.Append(name, value);
        if (body is not null)
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            (request.Body, request.ContentLength) = (new MemoryStream(bytes), bytes.Length);
            request.ContentType = MediaTypeOf(target);
            http.Features.Set<IHttpRequestBodyDetectionFeature>(new HasBody());
        }

        Http = http;
    }

    public DefaultHttpContext Http { get; }

    /// <summary>The media type of a body that is sent there.</summary>
    public static string MediaTypeOf(string target) =>
        target.EndsWith(":batch", StringComparison.Ordinal) ? "application/x-ndjson" : "application/json";

    /// <summary>The status of the answer.</summary>
    public int Status => Http.Response.StatusCode;

    /// <summary>The body of the answer.</summary>
    public ReadOnlyMemory<byte> Answer => _answer.GetBuffer().AsMemory(0, (int)_answer.Length);

    /// <summary>A header of the answer; empty if it has none.</summary>
    public string Header(string name) => Http.Response.Headers[name].ToString();

    private sealed class HasBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => true;
    }
}
