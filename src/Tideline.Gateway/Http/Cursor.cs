using System.Buffers.Text;
using System.Text;

namespace Tideline.Gateway.Http;

/// <summary>The start of the next page, as an opaque text that belongs to one list.</summary>
internal static class Cursor
{
    /// <summary>Encodes a place in a list.</summary>
    public static string Write(string list, string place) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{list}|{place}"));

    /// <summary>Decodes the place.</summary>
    /// <returns>Null if the text is not a cursor of this list.</returns>
    public static string? Read(string list, string text)
    {
        if (text.Length > 1024 || !Base64Url.IsValid(text)) return null;
        var decoded = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
        return decoded.StartsWith(list + "|", StringComparison.Ordinal) ? decoded[(list.Length + 1)..] : null;
    }
}
