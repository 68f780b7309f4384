using System.Globalization;
using System.Xml;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// Reads customer credit transfer initiations, pain.001.001.03 to .11, chosen by namespace. The file is read forward once; document types and entities are
/// refused; what this program has no use for is skipped.
/// </summary>
public sealed class Pain001Reader
{
    /// <summary>Oldest and newest version that is read.</summary>
    public const int FirstVersion = 3, LastVersion = 11;

    private const string NamespacePrefix = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.";

    // PmtId carries a UETR from this version on.
    private const int UetrVersion = 9;

    private readonly ElementReader _element;
    private readonly int _version;
    private int _payments;

    private Pain001Reader(ElementReader element, int version) => (_element, _version) = (element, version);

    /// <summary>Reads one message.</summary>
    /// <exception cref="TidelineException">InvalidInput: not such a message, malformed, or over a limit; the text names the line.</exception>
    public static Pain001Message Read(Stream file)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = Limits.ImportBytes,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            IgnoreWhitespace = true,
        };
        try
        {
            using var xml = XmlReader.Create(file, settings);
            var element = new ElementReader(xml);
            element.MoveToRoot();
            return new Pain001Reader(element, VersionOf(element)).ReadDocument();
        }
        catch (XmlException fault)
        {
            throw new TidelineException(ErrorCode.InvalidInput, Words(fault), fault);
        }
    }

    private static string Words(XmlException fault) => string.Create(
        CultureInfo.InvariantCulture,
        $"Line {fault.LineNumber}: the file is not well-formed XML without a document type and entities, or is too long: {fault.Message}");

    private static int VersionOf(ElementReader element)
    {
        var space = element.Namespace;
        if (element.Name == "Document" && space.StartsWith(NamespacePrefix, StringComparison.Ordinal)
            && space.Length == NamespacePrefix.Length + 2
            && int.TryParse(space.AsSpan(NamespacePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            && version is >= FirstVersion and <= LastVersion)
            return version;
        throw element.Fault($"The root element '{element.Name}' in namespace '{space}' is not a Document of pain.001.001.03 to pain.001.001.11.");
    }

    private Pain001Message ReadDocument()
    {
        Pain001Message? message = null;
        _element.ForEachChild(name =>
        {
            if (name != "CstmrCdtTrfInitn" || message is not null) throw _element.Fault($"'{name}' does not belong here; a pain.001 holds one CstmrCdtTrfInitn.");
            message = ReadInitiation();
        });
        _element.ReadToEnd();
        return message ?? throw _element.Fault("The Document holds no CstmrCdtTrfInitn.");
    }

    private Pain001Message ReadInitiation()
    {
        var line = _element.Line;
        Pain001Message? header = null;
        var instructions = new List<PaymentInstruction>();
        _element.ForEachChild(name =>
        {
            switch (name)
            {
                case "GrpHdr" when header is null: header = ReadHeader(); break;
                case "GrpHdr": throw _element.Fault("A second GrpHdr.");
                case "PmtInf": instructions.Add(ReadInstruction()); break;
                default: _element.Skip(); break;
            }
        });
        if (header is null) throw _element.Fault("The message has no GrpHdr.", line);
        if (instructions.Count == 0) throw _element.Fault("The message has no PmtInf.", line);
        return header with { Instructions = instructions };
    }

    private Pain001Message ReadHeader()
    {
        var line = _element.Line;
        string? messageId = null, createdAt = null, party = null;
        long? count = null;
        decimal? sum = null;
        _element.ForEachChild(name =>
        {
            switch (name)
            {
                case "MsgId": messageId = _element.Text(Limits.IsoIdentifierCharacters); break;
                case "CreDtTm": createdAt = ReadDateTime(); break;
                case "NbOfTxs": count = _element.Count(); break;
                case "CtrlSum": sum = _element.Decimal().Value; break;
                case "InitgPty": party = ReadParty(); break;
                default: _element.Skip(); break;
            }
        });
        return new Pain001Message(
            _version, messageId ?? throw Missing("GrpHdr", "MsgId", line), createdAt ?? throw Missing("GrpHdr", "CreDtTm", line), count ?? throw Missing("GrpHdr", "NbOfTxs", line), sum,
            party ?? throw Missing("GrpHdr", "InitgPty", line), []);
    }

    // The name and every identifier, wherever the version keeps them (BICOrBEI, AnyBIC, LEI, Othr/Id): together they tell parties apart.
    private string ReadParty()
    {
        var parts = new List<string>();
        void Visit(string name)
        {
            switch (name)
            {
                case "Nm": parts.Add(_element.Text(Limits.IsoNameCharacters)); break;
                case "Id" or "OrgId" or "PrvtId" or "Othr" when parts.Count < 8: ReadNested(); break;
                case "BICOrBEI" or "AnyBIC" or "LEI": parts.Add(_element.Text(Limits.IsoIdentifierCharacters)); break;
                default: _element.Skip(); break;
            }
        }

        void ReadNested()
        {
            // An Id is a structure at the top and plain text inside Othr.
            if (_element.TextIfLeaf(Limits.ReferenceCharacters, Visit) is { } text) parts.Add(text);
        }

        _element.ForEachChild(Visit);
        return string.Join('|', parts);
    }

    private PaymentInstruction ReadInstruction()
    {
        var line = _element.Line;
        string? id = null, method = null, debtor = null, iban = null;
        long? count = null;
        decimal? sum = null;
        DateOnly? date = null;
        var payments = new List<PaymentOrder>();
        _element.ForEachChild(name =>
        {
            switch (name)
            {
                case "PmtInfId": id = _element.Text(Limits.IsoIdentifierCharacters); break;
                case "PmtMtd": method = _element.Text(3); break;
                case "NbOfTxs": count = _element.Count(); break;
                case "CtrlSum": sum = _element.Decimal().Value; break;
                case "ReqdExctnDt": date = ReadExecutionDate(); break;
                case "Dbtr": debtor = ReadName(); break;
                case "DbtrAcct": iban = ReadIban(); break;
                case "CdtTrfTxInf": payments.Add(ReadPayment()); break;
                default: _element.Skip(); break;
            }
        });
        if (payments.Count == 0) throw _element.Fault("The PmtInf has no CdtTrfTxInf.", line);
        return new PaymentInstruction(
            id ?? throw Missing("PmtInf", "PmtInfId", line), method ?? throw Missing("PmtInf", "PmtMtd", line), count, sum, date ?? throw Missing("PmtInf", "ReqdExctnDt", line), debtor, iban,
            payments);
    }

    private PaymentOrder ReadPayment()
    {
        var line = _element.Line;
        if (++_payments > Limits.ImportPayments) throw _element.Fault(string.Create(CultureInfo.InvariantCulture, $"The file has more than {Limits.ImportPayments} payments; split it."));
        (string? InstructionId, string? EndToEndId, string? Uetr) ids = default;
        (string Text, decimal Value, string Currency, bool IsEquivalent)? amount = null;
        string? creditor = null, iban = null, reference = null;
        _element.ForEachChild(name =>
        {
            switch (name)
            {
                case "PmtId": ids = ReadPaymentIds(); break;
                case "Amt": amount = ReadAmount(); break;
                case "Cdtr": creditor = ReadName(); break;
                case "CdtrAcct": iban = ReadIban(); break;
                case "RmtInf": reference = ReadReference(); break;
                default: _element.Skip(); break;
            }
        });
        var (text, value, currency, isEquivalent) = amount ?? throw Missing("CdtTrfTxInf", "Amt", line);
        return new PaymentOrder(
            ids.InstructionId, ids.EndToEndId ?? throw Missing("CdtTrfTxInf", "PmtId/EndToEndId", line), ids.Uetr, text, value, currency, isEquivalent, creditor, iban, reference, line);
    }

    private (string?, string?, string?) ReadPaymentIds()
    {
        string? instruction = null, endToEnd = null, uetr = null;
        _element.ForEachChild(name =>
        {
            switch (name)
            {
                case "InstrId": instruction = _element.Text(Limits.IsoIdentifierCharacters); break;
                case "EndToEndId": endToEnd = _element.Text(Limits.IsoIdentifierCharacters); break;
                case "UETR" when _version >= UetrVersion: uetr = ReadUetr(); break;
                default: _element.Skip(); break;
            }
        });
        return (instruction, endToEnd, uetr);
    }

    private string ReadUetr()
    {
        var line = _element.Line;
        var text = _element.Text(36);
        return Guid.TryParseExact(text, "D", out _) ? text : throw _element.Fault($"UETR '{text}' is not a UUID.", line);
    }

    private (string, decimal, string, bool)? ReadAmount()
    {
        (string, decimal, string, bool)? amount = null;
        _element.ForEachChild(name =>
        {
            switch (name)
            {
                case "InstdAmt": amount = ReadMoney(isEquivalent: false); break;
                case "EqvtAmt":
                    _element.ForEachChild(inner =>
                    {
                        if (inner == "Amt") amount = ReadMoney(isEquivalent: true);
                        else _element.Skip();
                    });
                    break;
                default: _element.Skip(); break;
            }
        });
        return amount;
    }

    private (string, decimal, string, bool) ReadMoney(bool isEquivalent)
    {
        var currency = _element.Attribute("Ccy") ?? throw _element.Fault($"{_element.Name} has no Ccy.");
        if (currency.Length != 3) throw _element.Fault("Ccy has three letters.");
        var (text, value) = _element.Decimal();
        return (text, value, currency, isEquivalent);
    }

    private string? ReadName()
    {
        string? text = null;
        _element.ForEachChild(name =>
        {
            if (name == "Nm") text = _element.Text(Limits.IsoNameCharacters);
            else _element.Skip();
        });
        return text;
    }

    private string? ReadIban()
    {
        string? text = null;
        _element.ForEachChild(name =>
        {
            if (name != "Id")
            {
                _element.Skip();
                return;
            }

            _element.ForEachChild(inner =>
            {
                if (inner == "IBAN") text = _element.Text(Limits.IbanCharacters);
                else _element.Skip();
            });
        });
        return text;
    }

    private string? ReadReference()
    {
        string? text = null;
        _element.ForEachChild(name =>
        {
            if (name == "Ustrd" && text is null) text = MessageText.Cut(_element.Text(Limits.BodyBytes), Limits.ReferenceCharacters);
            else _element.Skip();
        });
        return text;
    }

    // A plain date up to version 7, a choice of Dt and DtTm from version 8.
    private DateOnly ReadExecutionDate()
    {
        DateOnly? date = null;
        var line = _element.Line;
        var text = _element.TextIfLeaf(Limits.IsoIdentifierCharacters, name =>
        {
            switch (name)
            {
                case "Dt": date = ParseDate(_element.Text(Limits.IsoIdentifierCharacters), line); break;
                case "DtTm": date = DateOnly.FromDateTime(ParseDateTime(_element.Text(Limits.IsoIdentifierCharacters), line).UtcDateTime); break;
                default: _element.Skip(); break;
            }
        });
        return text is not null ? ParseDate(text, line) : date ?? throw Missing("ReqdExctnDt", "Dt or DtTm", line);
    }

    private string ReadDateTime()
    {
        var line = _element.Line;
        var text = _element.Text(Limits.IsoIdentifierCharacters);
        ParseDateTime(text, line);
        return text;
    }

    private DateOnly ParseDate(string text, int line) =>
        // xs:date may carry a time zone after its ten characters; the calendar day is what counts.
        text.Length >= 10 && DateOnly.TryParseExact(text.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : throw _element.Fault($"'{text}' is not a date such as 2026-01-31.", line);

    private DateTimeOffset ParseDateTime(string text, int line) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && text.Contains('T', StringComparison.Ordinal)
            ? time
            : throw _element.Fault($"'{text}' is not a time such as 2026-01-31T09:30:00Z.", line);

    private TidelineException Missing(string parent, string child, int line) => _element.Fault($"{parent} has no {child}.", line);
}
