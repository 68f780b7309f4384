using System.Globalization;
using System.Xml;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// Reads customer credit transfer initiations, pain.001.001.03 to .12 and their national dialects, selected by
/// namespace. The file is read forward once and checked against its schema on the way. A breach in a payment or a block
/// is stored in its <c>Breach</c>; a breach elsewhere, and anything malformed, is a fault.
/// </summary>
internal sealed class Pain001Reader
{
    private readonly ElementReader _element;
    private readonly Pain001Format _format;
    private int _payments;

    private Pain001Reader(ElementReader element, Pain001Format format) => (_element, _format) = (element, format);

    /// <summary>Reads one message from a seekable stream.</summary>
    /// <exception cref="TidelineException">
    /// InvalidInput: not such a message, malformed, in breach of its schema outside of blocks, or over a limit. The
    /// text names the line.
    /// </exception>
    public static Pain001Message Read(Stream file, CancellationToken cancel)
    {
        try
        {
            using var input = XmlInput.Open(file);
            var element = new ElementReader(input, cancel);
            element.MoveToRoot();
            return new Pain001Reader(element, FormatOf(element)).ReadDocument();
        }
        catch (XmlException fault)
        {
            throw new TidelineException(ErrorCode.InvalidInput, Words(fault), fault);
        }
    }

    private static string Words(XmlException fault) => string.Create(
        CultureInfo.InvariantCulture,
        $"Line {Math.Max(1, fault.LineNumber)}: the file is not well-formed XML without a document type and entities, "
            + $"or is too long: {Reason(fault)}");

    // The message of .NET's reader advises the caller to allow document types, which is wrong for the sender of the
    // file.
    private static string Reason(XmlException fault) =>
        fault.Message.Contains("DtdProcessing", StringComparison.Ordinal)
        ? "it has a document type (DOCTYPE), which is not accepted."
        : fault.Message;

    private static Pain001Format FormatOf(ElementReader element)
    {
        if (element.Name == "Document" && Pain001Format.Find(element.Namespace) is { } format) return format;
        var (name, space) = (MessageText.Cut(element.Name, 40), MessageText.Cut(element.Namespace, 140));
        throw element.Fault(
            $"The root element '{name}' in namespace '{space}' is not a Document of "
            + "pain.001.001.03 to pain.001.001.12, pain.001.001.03.ch.02, pain.001.002.03 or pain.001.003.03.");
    }

    private Pain001Message ReadDocument()
    {
        Pain001Message? message = null;
        _element.ForEachChild(Pain001Schema.Of(_format), child => message = ReadInitiation(child.Type));
        _element.ReadToEnd();
        return message!;
    }

    private Pain001Message ReadInitiation(SchemaType type)
    {
        Pain001Message? header = null;
        var instructions = new List<PaymentInstruction>();
        _element.ForEachChild(type, child =>
        {
            switch (child.Name)
            {
                case "GrpHdr": header = ReadHeader(child.Type); break;
                case "PmtInf": instructions.Add(ReadInstruction(child.Type)); break;
            }
        });
        return header! with { Instructions = instructions };
    }

    private Pain001Message ReadHeader(SchemaType type)
    {
        string messageId = "", createdAt = "", party = "";
        var count = 0L;
        decimal? sum = null;
        _element.ForEachChild(type, child =>
        {
            switch (child.Name)
            {
                case "MsgId": messageId = _element.Text(child)!.Trim(); break;
                case "CreDtTm": createdAt = _element.Text(child)!; break;
                case "NbOfTxs": count = Count(child)!.Value; break;
                case "CtrlSum": sum = Sum(child); break;
                case "InitgPty": party = ReadName(child.Type) ?? ""; break;
            }
        });
        return new Pain001Message(_format.Name, messageId, createdAt, count, sum, party, []);
    }

    private PaymentInstruction ReadInstruction(SchemaType type)
    {
        var line = _element.Line;
        string? id = null, method = null, debtor = null;
        long? count = null;
        decimal? sum = null;
        DateOnly? date = null;
        AccountName account = default;
        var payments = new List<PaymentOrder>();
        var breach = _element.InScope(() => _element.ForEachChild(type, child =>
        {
            switch (child.Name)
            {
                case "PmtInfId": id = _element.Text(child)?.Trim(); break;
                case "PmtMtd": method = _element.Text(child); break;
                case "NbOfTxs": count = Count(child); break;
                case "CtrlSum": sum = Sum(child); break;
                case "ReqdExctnDt": date = ReadExecutionDate(child); break;
                case "Dbtr": debtor = ReadName(child.Type); break;
                case "DbtrAcct": account = ReadAccount(child.Type, StatusReasonCodes.InvalidDebtorAccountNumber); break;
                case "CdtTrfTxInf": payments.Add(ReadPayment(child.Type)); break;
            }
        }));
        // A block without payments has nothing that could be refused by itself.
        if (payments.Count == 0) throw _element.Fault("The PmtInf has no CdtTrfTxInf.", line);
        return new PaymentInstruction(id ?? Missing, method, count, sum, date, debtor, account, payments, breach);
    }

    private PaymentOrder ReadPayment(SchemaType type)
    {
        var line = _element.Line;
        if (++_payments > PaymentLimits.ImportPayments)
            throw _element.Fault(string.Create(
                CultureInfo.InvariantCulture,
                    $"The file has more than {PaymentLimits.ImportPayments} payments; split it."));
        (string? InstructionId, string? EndToEndId, string? Uetr) ids = default;
        (string? Text, string? Currency, bool IsEquivalent) amount = default;
        string? creditor = null, structured = null;
        var lines = new List<string>();
        AccountName account = default;
        var breach = _element.InScope(() => _element.ForEachChild(type, child =>
        {
            switch (child.Name)
            {
                case "PmtId": ids = ReadPaymentIds(child.Type); break;
                case "Amt": amount = ReadAmount(child.Type); break;
                case "Cdtr": creditor = ReadName(child.Type); break;
                case "CdtrAcct": account = ReadAccount(child.Type, StatusReasonCodes.IncorrectAccountNumber); break;
                case "RmtInf": structured = ReadRemittance(child.Type, lines); break;
            }
        }));
        return new PaymentOrder(
            ids.InstructionId, ids.EndToEndId ?? Missing, ids.Uetr, amount.Text, amount.Currency, amount.IsEquivalent,
            creditor, account, lines.Count > 0 ? MessageText.Cut(lines[0], Limits.ReferenceCharacters) : null, line,
            breach)
        {
            Remittance = lines, StructuredReference = structured,
        };
    }

    // The guidelines' value for a missing identification.
    private const string Missing = "NOTPROVIDED";

    private (string?, string?, string?) ReadPaymentIds(SchemaType type)
    {
        string? instruction = null, endToEnd = null, uetr = null;
        _element.ForEachChild(type, child =>
        {
            switch (child.Name)
            {
                case "InstrId": instruction = _element.Text(child)?.Trim(); break;
                case "EndToEndId": endToEnd = _element.Text(child)?.Trim(); break;
                default: uetr = _element.Text(child); break;
            }
        });
        return (instruction, endToEnd, uetr);
    }

    private (string?, string?, bool) ReadAmount(SchemaType type)
    {
        (string? Text, string? Currency, bool IsEquivalent) amount = default;
        _element.ForEachChild(type, child =>
        {
            if (child.Name == "InstdAmt")
            {
                (amount.Text, amount.Currency) = _element.Amount(child);
                return;
            }

            amount.IsEquivalent = true;
            _element.ForEachChild(child.Type, inner =>
            {
                if (inner.Name == "Amt") (amount.Text, amount.Currency) = _element.Amount(inner);
            });
        });
        return amount;
    }

    private string? ReadName(SchemaType type)
    {
        string? text = null;
        _element.ForEachChild(type, child =>
        {
            if (child.Name == "Nm") text = _element.Text(child);
        });
        return text;
    }

    private AccountName ReadAccount(SchemaType type, string reasonCode)
    {
        string? iban = null, currency = null;
        _element.ForEachChild(type, child =>
        {
            switch (child.Name)
            {
                case "Ccy": currency = _element.Text(child); break;
                case "Id":
                    _element.ForEachChild(child.Type, id =>
                    {
                        if (id.Name == "IBAN") iban = _element.Text(id, reasonCode);
                    });
                    break;
            }
        });
        return new AccountName(iban, currency);
    }

    // Fills the lines and returns the creditor's reference.
    private string? ReadRemittance(SchemaType type, List<string> lines)
    {
        string? reference = null;
        _element.ForEachChild(type, child =>
        {
            if (child.Name != "Ustrd") reference = ReadStructured(child.Type) ?? reference;
            else if (_element.Text(child) is { } line && lines.Count < PaymentLimits.RemittanceLines)
                lines.Add(line.Trim());
        });
        return reference;
    }

    private string? ReadStructured(SchemaType type)
    {
        string? reference = null;
        _element.ForEachChild(type, child =>
        {
            if (child.Name != "CdtrRefInf") return;
            _element.ForEachChild(child.Type, inner =>
            {
                if (inner.Name == "Ref") reference = _element.Text(inner)?.Trim();
            });
        });
        return reference;
    }

    // A plain date up to version 7, a choice of Dt and DtTm from version 8.
    private DateOnly? ReadExecutionDate(SchemaChild element)
    {
        if (element.Type.Text is not null) return _element.Text(element) is { } day ? IsoTime.Day(day) : null;
        DateOnly? date = null;
        _element.ForEachChild(element.Type, child =>
        {
            if (_element.Text(child) is { } text) date = child.Name == "Dt" ? IsoTime.Day(text) : IsoTime.UtcDay(text);
        });
        return date;
    }

    private long? Count(SchemaChild element) =>
        _element.Text(element) is { } text ? long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    private decimal? Sum(SchemaChild element) =>
        _element.Text(element) is { } text
            ? decimal.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture)
            : null;
}
