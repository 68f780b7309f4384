using System.Globalization;
using System.Xml;
using Tideline.Kernel;
using Tideline.Services.Payments.Imports;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// Writes payment status reports that are valid against the schema of pain.002.001 whatever the status contains:
/// identifications are cut to 35 characters, or NOTPROVIDED if missing; values without a valid form are left out.
/// </summary>
internal static class Pain002Writer
{
    // OrgnlUETR is part of the report from this version on.
    private const int UetrVersion = 10;

    /// <summary>Writes the report of an import with all its results; leaves the stream open.</summary>
    public static async Task WriteAsync(
        ImportStatus status, DateTimeOffset createdAt, Stream output, CancellationToken cancel)
    {
        var version = Pain001Format.Named(status.MessageName).ReportVersion;
        var space = string.Create(
            CultureInfo.InvariantCulture, $"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version:00}");
        using var buffered = new XmlOutput(output);
        var xml = buffered.Xml;
        xml.WriteStartDocument();
        xml.WriteStartElement("Document", space);
        xml.WriteStartElement("CstmrPmtStsRpt", space);
        WriteHeader(xml, status, createdAt);
        WriteGroup(xml, status);
        foreach (var block in Blocks(status.Results))
        {
            await WriteBlockAsync(buffered, block, version, cancel);
        }

        xml.WriteEndDocument();
        await buffered.FlushAsync(cancel);
    }

    private static void WriteHeader(XmlWriter xml, ImportStatus status, DateTimeOffset createdAt)
    {
        Start(xml, "GrpHdr");
        // Max35Text: the id without hyphens fits.
        Text(xml, "MsgId", status.ImportId.ToString("N"));
        Text(xml, "CreDtTm", Time(createdAt));
        xml.WriteEndElement();
    }

    private static void WriteGroup(XmlWriter xml, ImportStatus status)
    {
        Start(xml, "OrgnlGrpInfAndSts");
        Text(xml, "OrgnlMsgId", Identification(status.MessageId));
        Text(xml, "OrgnlMsgNmId", status.MessageName);
        TextIf(xml, "OrgnlCreDtTm", status.CreatedAt, "dateTime");
        Text(xml, "OrgnlNbOfTxs", status.Payments.ToString(CultureInfo.InvariantCulture));
        // The sum of many large amounts may have more digits than the report allows.
        TextIf(xml, "OrgnlCtrlSum", status.ControlSum.ToString(CultureInfo.InvariantCulture), "sum");
        Text(xml, "GrpSts", status.GroupStatus);
        WriteReason(xml, status.Reason);
        WriteCounts(xml, status.Settled, status.Rejected, status.Pending);
        xml.WriteEndElement();
    }

    private static async Task WriteBlockAsync(
        XmlOutput buffered, IReadOnlyList<PaymentResult> block, int version, CancellationToken cancel)
    {
        var xml = buffered.Xml;
        var settled = block.Count(result => result.Status == PaymentStatus.Settled);
        var rejected = block.Count(result => result.Status == PaymentStatus.Rejected);
        Start(xml, "OrgnlPmtInfAndSts");
        Text(xml, "OrgnlPmtInfId", Identification(block[0].InstructionBlockId));
        Text(xml, "OrgnlNbOfTxs", block.Count.ToString(CultureInfo.InvariantCulture));
        Text(xml, "PmtInfSts",
            PaymentStatus.OfGroup(block.Count, settled, rejected, isAllTried: settled + rejected > 0));
        WriteCounts(xml, settled, rejected, block.Count - settled - rejected);
        foreach (var result in block)
        {
            WritePayment(xml, result, version);
            // Keeps the buffer small: a report may have a hundred thousand payments.
            if (result.Index % Limits.PageRows == 0) await buffered.FlushAsync(cancel);
        }

        xml.WriteEndElement();
    }

    private static void WritePayment(XmlWriter xml, PaymentResult result, int version)
    {
        Start(xml, "TxInfAndSts");
        if (!string.IsNullOrWhiteSpace(result.InstructionId))
            Text(xml, "OrgnlInstrId", Identification(result.InstructionId));
        Text(xml, "OrgnlEndToEndId", Identification(result.EndToEndId));
        if (version >= UetrVersion) TextIf(xml, "OrgnlUETR", result.Uetr, "uuid");
        Text(xml, "TxSts", result.Status);
        WriteReason(xml, result.Reason);
        if (result.TransferId is { } transferId) Text(xml, "AcctSvcrRef", transferId.ToString("N"));
        WriteAmount(xml, result);
        xml.WriteEndElement();
    }

    private static void WriteAmount(XmlWriter xml, PaymentResult result)
    {
        if (!Is(result.Amount, "amount") || !Is(result.Currency, "currency")) return;
        Start(xml, "OrgnlTxRef");
        Start(xml, "Amt");
        Start(xml, "InstdAmt");
        xml.WriteAttributeString("Ccy", result.Currency);
        xml.WriteString(result.Amount);
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void WriteReason(XmlWriter xml, StatusReason? reason)
    {
        if (reason is null) return;
        Start(xml, "StsRsnInf");
        Start(xml, "Rsn");
        Text(xml, "Cd", reason.Code);
        xml.WriteEndElement();
        var detail = MessageText.Printable(reason.Detail);
        foreach (var line in MessageText.Lines(detail, PaymentLimits.IsoAdditionalInformationCharacters))
        {
            if (!string.IsNullOrWhiteSpace(line)) Text(xml, "AddtlInf", line);
        }

        xml.WriteEndElement();
    }

    private static void WriteCounts(XmlWriter xml, int settled, int rejected, int pending)
    {
        foreach (var (count, code) in new[]
        {
            (settled, PaymentStatus.Settled), (rejected, PaymentStatus.Rejected), (pending, PaymentStatus.Pending)
        })
        {
            if (count == 0) continue;
            Start(xml, "NbOfTxsPerSts");
            Text(xml, "DtldNbOfTxs", count.ToString(CultureInfo.InvariantCulture));
            Text(xml, "DtldSts", code);
            xml.WriteEndElement();
        }
    }

    // Consecutive results of one PmtInf. Ids may repeat within a file, so only consecutive results are grouped.
    private static IEnumerable<IReadOnlyList<PaymentResult>> Blocks(IReadOnlyList<PaymentResult> results)
    {
        var block = new List<PaymentResult>();
        foreach (var result in results)
        {
            if (block.Count > 0 && block[0].InstructionBlockId != result.InstructionBlockId)
            {
                yield return block;
                block = [];
            }

            block.Add(result);
        }

        if (block.Count > 0) yield return block;
    }

    private static void Start(XmlWriter xml, string name) => xml.WriteStartElement(name);

    private static void Text(XmlWriter xml, string name, string text) => xml.WriteElementString(name, text);

    private static void TextIf(XmlWriter xml, string name, string? text, string type)
    {
        if (Is(text, type)) Text(xml, name, text!);
    }

    private static bool Is(string? text, string type) =>
        text is not null && SimpleType.Parse(type, isSwiss: false).Admits(text);

    // Max35Text; the guidelines' value if a mandatory one is missing.
    private static string Identification(string text)
    {
        var printable = MessageText.Cut(MessageText.Printable(text).Trim(), PaymentLimits.IsoIdentifierCharacters);
        return printable.Length > 0 ? printable : "NOTPROVIDED";
    }

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
