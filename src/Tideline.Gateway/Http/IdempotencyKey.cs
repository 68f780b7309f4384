using System.Text;

namespace Tideline.Gateway.Http;

/// <summary>A client's idempotency key, in one form whether it comes from a header, a field or a parameter.</summary>
internal static class IdempotencyKey
{
    /// <summary>
    /// Parses a key: without surrounding spaces, and without the quotes of a structured field string (RFC 9651), as in
    /// the IETF's draft of the header. <c>K</c>, <c>"K"</c> and <c> K </c> are the same key.
    /// </summary>
    /// <returns>False if it is empty, too long or not printable ASCII, or still begins or ends with a space or a
    /// quote.</returns>
    public static bool TryRead(string given, out string key)
    {
        key = given.Trim(' ', '\t');
        if (key is ['"', .. var quoted, '"'] && !TryUnquote(quoted, out key)) return false;
        return key.Length is > 0 and <= GatewayLimits.IdempotencyKeyCharacters
            && !key.AsSpan().ContainsAnyExceptInRange(' ', '~')
            && key is [not (' ' or '"'), ..] and [.., not (' ' or '"')];
    }

    private static bool TryUnquote(string quoted, out string key)
    {
        key = quoted;
        if (!quoted.AsSpan().ContainsAny('"', '\\')) return true;
        var plain = new StringBuilder(quoted.Length);
        for (var at = 0; at < quoted.Length; at++)
        {
            if (quoted[at] == '"') return false;
            if (quoted[at] == '\\' && (++at == quoted.Length || quoted[at] is not ('"' or '\\'))) return false;
            plain.Append(quoted[at]);
        }

        key = plain.ToString();
        return true;
    }
}
