using System.Text.Json;
using Tideline.Views;

namespace Tideline.Engines.Views;

/// <summary>
/// The substring filter of a query: run here for every engine, so that letter case is Unicode's and the same
/// everywhere.
/// </summary>
internal static class SubstringFilter
{
    /// <summary>
    /// Whether one of the fields that the query names holds its words; yes where it asks for none, and for a damaged
    /// document: nobody knows what it held.
    /// </summary>
    public static bool Passes(DocumentQuery query, Document document)
    {
        if (query.Contains is not { } words || document.Damage is not null) return true;
        try
        {
            return Holds(query, words, document.Json.Span);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return true;
        }
    }

    private static bool Holds(DocumentQuery query, string words, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1) continue;
            var asked = false;
            foreach (var field in query.ContainsFields) asked |= reader.ValueTextEquals(field);
            if (!asked)
            {
                reader.Skip();
                continue;
            }

            reader.Read();
            if (reader.TokenType == JsonTokenType.String
                && reader.GetString()!.Contains(words, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
