using System.Globalization;
using System.Text;
using System.Xml;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// Walks the elements of a message forward and checks them against its schema: names, order, number, types, attributes
/// and namespace. Within <see cref="InScope"/> the first breach is recorded and the walk continues, so that a single
/// payment or block can be refused; elsewhere, a breach ends the reading. A file that is malformed or over a limit
/// always ends it.
/// </summary>
internal sealed class ElementReader(XmlInput input, CancellationToken cancel)
{
    private readonly XmlReader _xml = input.Xml;
    private string _space = "";
    private bool _isKept;
    private long _moves;
    private StatusReason? _breach;

    public int Line => _xml is IXmlLineInfo info && info.HasLineInfo() ? info.LineNumber : 0;

    public string Namespace => _xml.NamespaceURI;

    public string Name => _xml.LocalName;

    /// <summary>Moves to the root element.</summary>
    public void MoveToRoot()
    {
        while (Advance() && _xml.NodeType != XmlNodeType.Element)
        {
        }

        if (_xml.NodeType != XmlNodeType.Element) throw Fault("This is not an XML document.");
        _space = _xml.NamespaceURI;
    }

    /// <summary>Reads to the end of the document, so that malformed content after the message is found too.</summary>
    public void ReadToEnd()
    {
        while (Advance())
        {
        }
    }

    /// <summary>Runs a reading whose breaches concern only one payment or block.</summary>
    /// <returns>The first breach; null if there was none.</returns>
    public StatusReason? InScope(Action read)
    {
        var outer = (_isKept, _breach);
        (_isKept, _breach) = (true, null);
        read();
        var found = _breach;
        (_isKept, _breach) = outer;
        return found;
    }

    /// <summary>
    /// Calls back for each child of the present element that is allowed at its place. Children that the callback does
    /// not read are still checked against their schema.
    /// </summary>
    public void ForEachChild(SchemaType type, Action<SchemaChild> child)
    {
        var (name, line, depth) = (_xml.LocalName, Line, _xml.Depth);
        CheckAttributes(type);
        var place = new SchemaPlace(type);
        if (_xml.IsEmptyElement)
        {
            Advance();
        }
        else
        {
            Advance();
            while (_xml.Depth > depth) ReadChild(name, place, child);
            Advance();
        }

        if (place.MissingAtEnd() is { } missing) Breach($"{name} has no {missing}.", line);
    }

    /// <summary>The text of an element without children; null if it is not of its type.</summary>
    public string? Text(SchemaChild element, string? reasonCode = null) => Amount(element, reasonCode).Text;

    /// <summary>The text of an element and its attribute Ccy, each null if it is not of its type.</summary>
    public (string? Text, string? Currency) Amount(SchemaChild element, string? reasonCode = null)
    {
        var (line, type) = (Line, element.Type.Text!);
        var currency = CheckAttributes(element.Type);
        var text = type.Normalize(ReadText(element.Name));
        if (type.Admits(text)) return (text, currency);
        var words = string.IsNullOrWhiteSpace(text)
            ? $"{element.Name} is empty."
            : $"{element.Name} '{Shown(text)}' is not {type.Words}.";
        Breach(words, line, reasonCode ?? type.ReasonCode);
        return (null, currency);
    }

    /// <summary>A breach of the schema: recorded within a scope, thrown elsewhere.</summary>
    public void Breach(string message, int? line = null, string reasonCode = StatusReasonCodes.SyntaxError)
    {
        var fault = Fault(message, line);
        if (!_isKept) throw fault;
        _breach ??= new StatusReason(reasonCode, fault.Message);
    }

    public TidelineException Fault(string message, int? line = null) =>
        new(ErrorCode.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"Line {line ?? Line}: {message}"));

    private void Check(SchemaChild element)
    {
        // The content of an envelope is defined by its sender; it only has to be well-formed and within the limits.
        if (element.Type.IsAny) Skip();
        else if (element.Type.Text is not null) Text(element);
        else ForEachChild(element.Type, static _ => { });
    }

    private void ReadChild(string parent, SchemaPlace place, Action<SchemaChild> child)
    {
        if (_xml.NodeType != XmlNodeType.Element)
        {
            if (!string.IsNullOrWhiteSpace(_xml.Value)) Breach($"{parent} holds text between its elements.");
            Advance();
        }
        else if (_xml.NamespaceURI != _space)
        {
            var space = Shown(_xml.NamespaceURI);
            Breach($"'{Shown(_xml.LocalName)}' in {parent} is in namespace '{space}', not in the message's.");
            Skip();
        }
        else if (place.Take(_xml.LocalName, out var words) is { } element)
        {
            if (words is not null) Breach($"{parent} {words}");
            var moves = _moves;
            child(element);
            if (moves == _moves) Check(element);
        }
        else
        {
            Breach($"{parent} {words}");
            Skip();
        }
    }

    private string ReadText(string name)
    {
        var depth = _xml.Depth;
        if (_xml.IsEmptyElement)
        {
            Advance();
            return "";
        }

        var text = new StringBuilder();
        Advance();
        while (_xml.Depth > depth)
        {
            if (_xml.NodeType == XmlNodeType.Element)
            {
                Breach($"{name} is a text; it must not contain '{Shown(_xml.LocalName)}'.");
                Skip();
                continue;
            }

            // Comments may split a text into pieces, each within the limit of a node.
            if (text.Length <= PaymentLimits.XmlNodeCharacters) text.Append(_xml.Value);
            Advance();
        }

        Advance();
        return text.ToString();
    }

    // Allowed: Ccy where the schema has it, namespace declarations, and a schema location on the root.
    private string? CheckAttributes(SchemaType type)
    {
        string? currency = null;
        var (name, isRoot) = (_xml.LocalName, _xml.Depth == 0);
        for (var more = _xml.MoveToFirstAttribute(); more; more = _xml.MoveToNextAttribute())
        {
            if (type.Currency is not null && _xml.NamespaceURI.Length == 0 && _xml.LocalName == "Ccy")
                currency = _xml.Value;
            else if (_xml.NamespaceURI != "http://www.w3.org/2000/xmlns/" && !(isRoot && IsSchemaLocation))
                Breach($"{name} has an attribute '{Shown(_xml.Name)}', which the schema does not know.");
        }

        _xml.MoveToElement();
        if (type.Currency is null) return null;
        if (currency is not null && type.Currency.Admits(currency)) return currency;
        var words = currency is null
            ? $"{name} has no Ccy."
            : $"The Ccy '{Shown(currency)}' of {name} is not {type.Currency.Words}.";
        Breach(words, reasonCode: StatusReasonCodes.NotAllowedCurrency);
        return null;
    }

    private bool IsSchemaLocation =>
        _xml.NamespaceURI == "http://www.w3.org/2001/XMLSchema-instance"
            && _xml.LocalName is "schemaLocation" or "noNamespaceSchemaLocation";

    private void Skip()
    {
        var depth = _xml.Depth;
        var isEmpty = _xml.IsEmptyElement;
        Advance();
        if (isEmpty) return;
        while (_xml.Depth > depth) Advance();
        Advance();
    }

    private bool Advance()
    {
        cancel.ThrowIfCancellationRequested();
        _moves++;
        var more = input.Read();
        if (_xml.Depth > PaymentLimits.XmlDepth)
            throw Fault(Over("elements within each other", PaymentLimits.XmlDepth));
        if (_xml.AttributeCount > PaymentLimits.XmlAttributes)
            throw Fault(Over("attributes", PaymentLimits.XmlAttributes));
        return more;
    }

    private static string Over(string what, int limit) =>
        string.Create(CultureInfo.InvariantCulture, $"there are more than {limit} {what}.");

    // Long enough to recognize, short enough for a report.
    private static string Shown(string text) =>
        MessageText.Printable(text.Length <= 40 ? text : MessageText.Cut(text, 40) + "…");
}
