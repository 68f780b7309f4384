using System.Text;
using System.Xml;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>Fits any text into XML elements of limited length.</summary>
internal static class MessageText
{
    /// <summary>The text with every character that XML 1.0 does not allow replaced by U+FFFD.</summary>
    public static string Printable(string text)
    {
        var printable = new StringBuilder(text.Length);
        // Runes, so that a surrogate pair counts as one character and a lone surrogate is replaced.
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value)) printable.Append('\uFFFD');
            else printable.Append(rune);
        }

        return printable.ToString();
    }

    /// <summary>
    /// The text in lines of at most <paramref name="limit"/> characters, without splitting a surrogate pair.
    /// </summary>
    public static IEnumerable<string> Lines(string text, int limit)
    {
        for (var start = 0; start < text.Length;)
        {
            var line = Cut(text[start..], limit);
            yield return line;
            start += line.Length;
        }
    }

    /// <summary>At most the first <paramref name="limit"/> characters.</summary>
    public static string Cut(string text, int limit) =>
        text.Length <= limit ? text : text[..(char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit)];
}
