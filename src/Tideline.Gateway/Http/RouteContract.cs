using Tideline.Gateway.Problems;
using Tideline.Ledger;

namespace Tideline.Gateway.Http;

/// <summary>
/// What a route requires of every request, according to its notes: known parameters, a body in an accepted form, an
/// answer in a form that the client accepts, and a valid consistency. Checked before its handler runs.
/// </summary>
internal sealed class RouteContract(RouteNotes notes, GeneralLedger ledger)
{
    private static readonly BodyShape NoQuery = new();

    private readonly string? _taken = notes.BodyType ?? (notes.Body is null ? null : MediaTypes.Json);
    private readonly string[] _offered = notes.OffersXml ? [notes.AnswerType, MediaTypes.Xml] : [notes.AnswerType];

    /// <summary>The first error; null if there is none.</summary>
    public Problem? Check(HttpContext http) =>
        CheckQuery(http) ?? CheckBody(http.Request) ?? CheckAccept(http.Request) ?? CheckConsistency(http);

    /// <summary>Whether a read must see the positions of a token.</summary>
    public bool HasToken(HttpContext http) => notes.IsRead && http.Request.Headers.ContainsKey("Tideline-Token");

    /// <summary>The handler's answer, unless this ledger never wrote a position of the token.</summary>
    public async Task<Problem?> CheckTokenAsync(HttpContext http, RouteHandler handler)
    {
        foreach (var position in ReadHeaders.Consistency(http, FieldReader.Empty(), ledger).Positions)
        {
            if (await ledger.IsWrittenAsync(position, http.RequestAborted)) continue;
            return new Problem(ProblemTypes.InvalidToken,
                $"The consistency token names {position}, which this installation never wrote.", "Tideline-Token");
        }

        return await handler(http);
    }

    /// <summary>Whether a request carries a body.</summary>
    public static bool HasBody(HttpRequest request) =>
        request.ContentLength is { } length ? length > 0 : request.Headers.TransferEncoding.Count > 0;

    private Problem? CheckQuery(HttpContext http) =>
        notes.Query is null && http.Request.QueryString.HasValue ? QueryReader.Read(http, NoQuery).Problem : null;

    private Problem? CheckBody(HttpRequest request)
    {
        if (!HasBody(request)) return null;
        if (_taken is null) return new Problem(ProblemTypes.UnsupportedMediaType, "This route accepts no body.");
        var isTaken = _taken == MediaTypes.Xml
            ? MediaTypes.IsXml(request.ContentType) : MediaTypes.Is(request.ContentType, _taken);
        if (!isTaken)
            return new Problem(ProblemTypes.UnsupportedMediaType,
                $"Send the body with the header Content-Type: {_taken}.", "Content-Type");
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding
            && !encoding.ToString().Equals("identity", StringComparison.OrdinalIgnoreCase))
            return new Problem(ProblemTypes.UnsupportedMediaType, "Send the body as it is, without Content-Encoding.",
                "Content-Encoding");
        return null;
    }

    private Problem? CheckAccept(HttpRequest request) => MediaTypes.Choose(request, _offered) is not null
        ? null
        : new Problem(ProblemTypes.NotAcceptable, $"This route answers with {string.Join(" or ", _offered)}.",
            "Accept");

    private Problem? CheckConsistency(HttpContext http)
    {
        if (!notes.IsRead) return null;
        var fields = FieldReader.Empty();
        ReadHeaders.Consistency(http, fields, ledger);
        return fields.Problem;
    }
}
