using System.Buffers.Text;

namespace Tideline.Tools.Load;

/// <summary>
/// Reads HTTP/1.1 responses from a buffer that fills step by step: status, body by Content-Length or chunks (RFC 9112
/// sections 6 and 7). What a load client does not need, it does not look at.
/// </summary>
internal static class HttpAnswerParser
{
    /// <summary>Reads the response at the start of <paramref name="buffer"/>.</summary>
    /// <returns>Null while it is incomplete; else the answer and how many bytes it took.</returns>
    /// <exception cref="InvalidDataException">Not HTTP/1.1, or neither a length nor chunks.</exception>
    public static HttpAnswer? TryParse(ReadOnlySpan<byte> buffer, out int consumed)
    {
        consumed = 0;
        var headEnd = buffer.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0) return null;
        var head = buffer[..(headEnd + 2)];
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..], out int status, out _))
            throw new InvalidDataException("Not an HTTP/1.1 response.");
        var rest = buffer[(headEnd + 4)..];
        if (Header(head, "transfer-encoding"u8) is { IsEmpty: false } encoding && encoding.IndexOf("chunked"u8) >= 0)
            return Chunked(status, head, rest, ref consumed);
        if (status is 204 or 304)
        {
            consumed = headEnd + 4;
            return new HttpAnswer(status, head.ToArray(), []);
        }

        if (!Utf8Parser.TryParse(Header(head, "content-length"u8), out int length, out _))
            throw new InvalidDataException("A response without a length.");
        if (rest.Length < length) return null;
        consumed = headEnd + 4 + length;
        return new HttpAnswer(status, head.ToArray(), rest[..length].ToArray());
    }

    private static HttpAnswer? Chunked(int status, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest, ref int consumed)
    {
        using var body = new MemoryStream();
        var at = 0;
        while (true)
        {
            var line = rest[at..].IndexOf("\r\n"u8);
            if (line < 0) return null;
            if (!Utf8Parser.TryParse(rest.Slice(at, line), out int length, out _, 'x'))
                throw new InvalidDataException("A chunk without a length.");
            at += line + 2;
            if (rest.Length < at + length + 2) return null;
            body.Write(rest.Slice(at, length));
            at += length + 2;
            if (length > 0) continue;
            consumed = head.Length + 2 + at;
            return new HttpAnswer(status, head.ToArray(), body.ToArray());
        }
    }

    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        while (true)
        {
            var end = head.IndexOf("\r\n"u8);
            if (end < 0) return [];
            var line = head[..end];
            if (line.Length > name.Length && line[name.Length] == ':' && EqualsIgnoringCase(line[..name.Length], name))
                return line[(name.Length + 1)..].Trim((byte)' ');
            head = head[(end + 2)..];
        }
    }

    private static bool EqualsIgnoringCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if ((text[index] | 0x20) != lower[index] && text[index] != lower[index]) return false;
        }

        return true;
    }
}
