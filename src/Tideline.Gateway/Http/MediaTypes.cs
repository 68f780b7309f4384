using Microsoft.Net.Http.Headers;

namespace Tideline.Gateway.Http;

/// <summary>The media type of a body, and the requested one (RFC 9110, 12.5.1 and 8.3).</summary>
internal static class MediaTypes
{
    public const string Json = "application/json", Xml = "application/xml", Lines = "application/x-ndjson";

    private static readonly string[] JsonOrXml = [Json, Xml];

    /// <summary>Whether a content type is XML.</summary>
    public static bool IsXml(string? contentType) => Is(contentType, Xml) || Is(contentType, "text/xml");

    /// <summary>Whether the client prefers XML to JSON.</summary>
    public static bool WantsXml(HttpContext http) => Choose(http.Request, JsonOrXml) == Xml;

    /// <summary>Whether a content type is <paramref name="wanted"/>. JSON must be UTF-8.</summary>
    public static bool Is(string? contentType, string wanted)
    {
        if (contentType is null) return false;
        if (contentType.Equals(wanted, StringComparison.OrdinalIgnoreCase)) return true;
        return MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.MediaType.Equals(wanted, StringComparison.OrdinalIgnoreCase)
            && (wanted is Xml or "text/xml" || !type.Charset.HasValue || IsUtf8(type.Charset.Value));
    }

    /// <summary>
    /// The offered type that the client's <c>Accept</c> rates highest. Ties go to the one named most exactly, then to
    /// the one named first, then to the one offered first. Null if it accepts none.
    /// </summary>
    public static string? Choose(HttpRequest request, string[] offered)
    {
        var accept = request.Headers.Accept;
        if (accept.Count == 0 || (accept.Count == 1 && accept[0] is "" or "*/*")) return offered[0];
        if (!MediaTypeHeaderValue.TryParseList(accept, out var ranges)) return null;
        string? chosen = null;
        var best = (Quality: 0.0, Exactness: 0, Place: 0);
        foreach (var type in offered)
        {
            var rated = Rate(type, ranges);
            if (rated.Quality <= 0 || (chosen is not null && rated.CompareTo(best) <= 0)) continue;
            (chosen, best) = (type, rated);
        }

        return chosen;
    }

    // The most exact matching range decides, even if it says q=0. Places count backwards: earlier ranges rank higher.
    private static (double Quality, int Exactness, int Place) Rate(string type, IList<MediaTypeHeaderValue> ranges)
    {
        var best = (Quality: 0.0, Exactness: 0, Place: 0);
        for (var index = 0; index < ranges.Count; index++)
        {
            var range = ranges[index];
            var exactness = Exactness(type, range);
            if (exactness > best.Exactness) best = (range.Quality ?? 1, exactness, -index);
        }

        return best;
    }

    // 0: no match. A parameter requests a variant that is not offered, except the charset, which is that of all
    // answers.
    private static int Exactness(string type, MediaTypeHeaderValue range)
    {
        foreach (var parameter in range.Parameters)
        {
            if (parameter.Name.Equals("q", StringComparison.OrdinalIgnoreCase)) continue;
            if (!IsOffered(type, parameter)) return 0;
        }

        if (range.MatchesAllTypes) return 1;
        if (range.MatchesAllSubTypes)
            return type.Split('/')[0].Equals(range.Type.Value, StringComparison.OrdinalIgnoreCase) ? 2 : 0;
        return range.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase) ? 3 + range.Parameters.Count : 0;
    }

    private static bool IsOffered(string type, NameValueHeaderValue parameter) =>
        parameter.Name.Value?.ToLowerInvariant() switch
        {
            "charset" => IsUtf8(parameter.GetUnescapedValue().Value),
            "version" => type == "text/plain" && parameter.Value == "0.0.4",
            _ => false,
        };

    private static bool IsUtf8(string? charset) =>
        charset?.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase) == true;
}
