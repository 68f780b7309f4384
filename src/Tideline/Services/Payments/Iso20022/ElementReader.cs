using System.Globalization;
using System.Xml;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>Walks the elements of one namespace forward, with limits, and words its faults with the line they stand on.</summary>
internal sealed class ElementReader(XmlReader xml)
{
    public int Line => xml is IXmlLineInfo info && info.HasLineInfo() ? info.LineNumber : 0;

    public string Namespace => xml.NamespaceURI;

    public string Name => xml.LocalName;

    public string? Attribute(string name) => xml.GetAttribute(name);

    /// <summary>Stands on the root element after it.</summary>
    public void MoveToRoot()
    {
        if (xml.MoveToContent() != XmlNodeType.Element) throw Fault("This is not an XML document.");
    }

    /// <summary>Calls for each child element of the present one; a child that the caller does not consume is skipped.</summary>
    public void ForEachChild(Action<string> child)
    {
        if (xml.IsEmptyElement)
        {
            xml.Read();
            return;
        }

        var depth = xml.Depth;
        var space = xml.NamespaceURI;
        xml.Read();
        while (xml.Depth > depth)
        {
            if (xml.NodeType != XmlNodeType.Element)
            {
                xml.Read();
                continue;
            }

            // Extensions in other namespaces (SplmtryData) are nobody's business here.
            if (xml.NamespaceURI != space) xml.Skip();
            else child(xml.LocalName);
        }

        xml.Read();
    }

    public void Skip() => xml.Skip();

    /// <summary>The text of an element that may be plain text or a structure: null for a structure, whose children were then visited.</summary>
    public string? TextIfLeaf(int limit, Action<string> child)
    {
        var (name, line, depth) = (xml.LocalName, Line, xml.Depth);
        if (xml.IsEmptyElement) throw Fault($"{name} is empty.");
        var text = new System.Text.StringBuilder();
        var isLeaf = true;
        xml.Read();
        while (xml.Depth > depth)
        {
            if (xml.NodeType == XmlNodeType.Element)
            {
                isLeaf = false;
                child(xml.LocalName);
                continue;
            }

            if (text.Length <= limit) text.Append(xml.Value);
            xml.Read();
        }

        xml.Read();
        if (!isLeaf) return null;
        var trimmed = text.ToString().Trim();
        return trimmed.Length is > 0 && trimmed.Length <= limit ? trimmed : throw Fault(string.Create(CultureInfo.InvariantCulture, $"{name} has 1 to {limit} characters."), line);
    }

    /// <summary>Reads to the end of the document, so that nothing malformed hides behind the message.</summary>
    public void ReadToEnd()
    {
        while (xml.Read())
        {
        }
    }

    /// <summary>The text of the present element, 1 to <paramref name="limit"/> characters.</summary>
    public string Text(int limit)
    {
        var (name, line) = (xml.LocalName, Line);
        var text = xml.ReadElementContentAsString().Trim();
        if (text.Length == 0) throw Fault($"{name} is empty.", line);
        if (text.Length > limit) throw Fault(string.Create(CultureInfo.InvariantCulture, $"{name} has {text.Length} characters; {limit} are allowed."), line);
        return text;
    }

    /// <summary>A number of transactions.</summary>
    public long Count()
    {
        var (name, line) = (xml.LocalName, Line);
        var text = Text(15);
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : throw Fault($"{name} '{text}' is not a number of transactions.", line);
    }

    /// <summary>A decimal of up to 18 digits: an amount or a control sum.</summary>
    public (string Text, decimal Value) Decimal()
    {
        var (name, line) = (xml.LocalName, Line);
        var text = Text(Limits.AmountCharacters);
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) || text.Count(char.IsAsciiDigit) > 18)
            throw Fault($"{name} '{text}' is not a decimal of up to 18 digits.", line);
        return (text, value);
    }

    public TidelineException Fault(string message, int? line = null) =>
        new(ErrorCode.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"Line {line ?? Line}: {message}"));
}
