using System.Text.Json;
using Tideline.Views;

namespace Tideline.Engines.Views;

/// <summary>The substring filter of a query: run here for every engine, so that letter case is Unicode's and the same everywhere.</summary>
internal static class SubstringFilter
{
    /// <summary>Whether one of the fields that the query names holds its words; yes where it asks for none.</summary>
    public static bool Passes(DocumentQuery query, ReadOnlySpan<byte> json)
    {
        if (query.Contains is not { } words) return true;
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
            if (reader.TokenType == JsonTokenType.String && reader.GetString()!.Contains(words, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
