using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// An untrusted XML file: decoded according to its first bytes and its declaration, without document type and entities,
/// and with a limit on the size of one node. The limit bounds memory: the parser buffers a start tag with all of its
/// attributes, and a text, before it returns them.
/// </summary>
internal sealed partial class XmlInput : IDisposable
{
    private readonly NodeLimit _text;

    private XmlInput(Stream file, Encoding encoding)
    {
        _text = new NodeLimit(file, encoding);
        Xml = XmlReader.Create(_text, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = PaymentLimits.ImportBytes,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            IgnoreWhitespace = true,
        });
    }

    /// <summary>Advance it only through <see cref="Read"/>.</summary>
    public XmlReader Xml { get; }

    /// <summary>Opens a seekable file.</summary>
    /// <exception cref="TidelineException">InvalidInput: an encoding that is not supported, or that contradicts the
    /// first bytes.</exception>
    public static XmlInput Open(Stream file)
    {
        var head = new byte[256];
        var length = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var (mark, family) = Family(head.AsSpan(0, length));
        file.Position = mark;
        return new XmlInput(file, Declared(head.AsSpan(mark, length - mark), family, mark > 0));
    }

    /// <summary>Moves to the next node; false at the end.</summary>
    public bool Read()
    {
        _text.Reset();
        return Xml.Read();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Xml.Dispose();
        _text.Dispose();
    }

    // The length of the byte order mark, and the family of encodings that the first bytes allow.
    private static (int Mark, Encoding Family) Family(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith<byte>([0xFF, 0xFE, 0, 0]) || head.StartsWith<byte>([0, 0, 0xFE, 0xFF]))
            throw Fault("UTF-32 is not supported; send UTF-8.");
        if (head.StartsWith<byte>([0xEF, 0xBB, 0xBF])) return (3, Encoding.UTF8);
        if (head.StartsWith<byte>([0xFF, 0xFE])) return (2, Encoding.Unicode);
        if (head.StartsWith<byte>([0xFE, 0xFF])) return (2, Encoding.BigEndianUnicode);
        if (head.StartsWith("<\0"u8)) return (0, Encoding.Unicode);
        return head.StartsWith("\0<"u8) ? (0, Encoding.BigEndianUnicode) : (0, Encoding.UTF8);
    }

    private static Encoding Declared(ReadOnlySpan<byte> head, Encoding family, bool isMarked)
    {
        var declaration = Declaration().Match(family.GetString(head));
        var written = declaration.Groups["name"].Value;
        var name = written.Length > 0 ? written.ToUpperInvariant() : null;
        var wide = family is UnicodeEncoding;
        var fits = name switch
        {
            null => true,
            "UTF-8" => !wide,
            "UTF-16" => wide,
            "UTF-16LE" => family == Encoding.Unicode,
            "UTF-16BE" => family == Encoding.BigEndianUnicode,
            _ => !wide && !isMarked,
        };
        if (!fits) throw Fault($"the declaration says encoding '{written}', the first bytes say {family.WebName}.");
        return name is null || wide ? Strict(family.WebName)! : Strict(name) ?? throw Fault(
            $"encoding '{written}' is not supported; UTF-8, UTF-16, ISO-8859 and Windows-125x are.");
    }

    // Bytes that are invalid in the encoding are a fault, never a replacement character.
    private static Encoding? Strict(string name)
    {
        if (!Readable().IsMatch(name)) return null;
        try
        {
            var (encode, decode) = (EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
            return CodePagesEncodingProvider.Instance.GetEncoding(name, encode, decode)
                ?? Encoding.GetEncoding(name, encode, decode);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static TidelineException Fault(string words) => new(ErrorCode.InvalidInput, "Line 1: " + words);

    [GeneratedRegex("""\A<\?xml\s[^>]*?encoding\s*=\s*["'](?<name>[A-Za-z0-9._\-]+)["']""",
        RegexOptions.CultureInvariant)]
    private static partial Regex Declaration();

    [GeneratedRegex(
        """\A(UTF-8|UTF-16|UTF-16LE|UTF-16BE|US-ASCII|ISO-8859-[0-9]{1,2}|WINDOWS-12[0-9]{2})\z""",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Readable();

    /// <summary>Counts the characters that the parser reads between two nodes.</summary>
    private sealed class NodeLimit(Stream file, Encoding encoding) : TextReader
    {
        private readonly StreamReader _text =
            new(file, encoding, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        private int _characters, _line = 1;

        public void Reset() => _characters = 0;

        public override int Peek() => _text.Peek();

        public override int Read()
        {
            Span<char> one = stackalloc char[1];
            return Read(one) == 0 ? -1 : one[0];
        }

        public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

        public override int Read(Span<char> buffer)
        {
            var read = Decode(buffer);
            _characters += read;
            if (_characters > PaymentLimits.XmlNodeCharacters)
                throw Fault(string.Create(CultureInfo.InvariantCulture,
                    $"a tag, text or comment has more than {PaymentLimits.XmlNodeCharacters} characters."));
            _line += buffer[..read].Count('\n');
            return read;
        }

        private int Decode(Span<char> buffer)
        {
            try
            {
                return _text.Read(buffer);
            }
            catch (DecoderFallbackException)
            {
                throw Fault(
                    "from here on the file has bytes that are invalid in its encoding, which the XML declaration "
                    + "names (UTF-8 without one).");
            }
        }

        // The parser has not seen the text yet, so it does not know the line.
        private TidelineException Fault(string words) =>
            new(ErrorCode.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"Line {_line}: {words}"));

        protected override void Dispose(bool disposing)
        {
            if (disposing) _text.Dispose();
            base.Dispose(disposing);
        }
    }
}
