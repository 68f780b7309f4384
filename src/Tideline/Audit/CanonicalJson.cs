using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tideline.Audit;

/// <summary>
/// The canonical form of JSON, RFC 8785: no white space, the names of an object in the order of their UTF-16 code
/// units, strings with the fewest escapes. Numbers must be whole and within 53 bits, which have one form.
/// </summary>
internal static class CanonicalJson
{
    private const long MostNumber = (1L << 53) - 1;

    /// <summary>The bytes to sign.</summary>
    /// <exception cref="JsonException">A name stands twice in an object, or a number is not whole.</exception>
    public static byte[] Of(JsonElement element)
    {
        var text = new StringBuilder();
        Write(element, text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(JsonElement element, StringBuilder text)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(element, text);
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var (at, item) in element.EnumerateArray().Index())
                {
                    if (at > 0) text.Append(',');
                    Write(item, text);
                }

                text.Append(']');
                break;
            case JsonValueKind.String:
                Write(element.GetString()!, text);
                break;
            case JsonValueKind.Number:
                if (!element.TryGetInt64(out var number) || number is < -MostNumber or > MostNumber)
                    throw new JsonException($"{element.GetRawText()} is not a whole number of 53 bits.");
                text.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            default:
                text.Append(element.GetRawText());
                break;
        }
    }

    private static void WriteObject(JsonElement element, StringBuilder text)
    {
        var last = "";
        text.Append('{');
        foreach (var (at, member) in element.EnumerateObject()
            .OrderBy(member => member.Name, StringComparer.Ordinal).Index())
        {
            if (at > 0) text.Append(',');
            if (at > 0 && member.Name == last) throw new JsonException($"'{last}' stands twice in an object.");
            last = member.Name;
            Write(last, text);
            text.Append(':');
            Write(member.Value, text);
        }

        text.Append('}');
    }

    private static void Write(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (var sign in value)
        {
            text.Append(sign switch
            {
                '"' => "\\\"",
                '\\' => @"\\",
                '\b' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\f' => "\\f",
                '\r' => "\\r",
                < ' ' => $"\\u{(int)sign:x4}",
                _ => sign.ToString(),
            });
        }

        text.Append('"');
    }
}
