using System.Globalization;
using System.Xml;
using Tideline.Kernel;
using Tideline.Services.Payments.Imports;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// Writes payment status reports. The version answers the message's: pain.001.001.03 to .08 get the pain.002.001 of the same number, .09 gets .10, .10 gets .11, .11
/// gets .12, as they were published together.
/// </summary>
public static class Pain002Writer
{
    // OrgnlUETR is part of the report from this version on.
    private const int UetrVersion = 10;

    /// <summary>The report's version for a message's.</summary>
    public static int VersionFor(int pain001Version) => pain001Version <= 8 ? pain001Version : pain001Version + 1;

    /// <summary>Writes the report of an import with all its results; leaves the stream open.</summary>
    public static async Task WriteAsync(ImportStatus status, DateTimeOffset createdAt, Stream output, CancellationToken cancel)
    {
        var version = VersionFor(int.Parse(status.MessageName.AsSpan(^2..), CultureInfo.InvariantCulture));
        var space = string.Create(CultureInfo.InvariantCulture, $"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version:00}");
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
        Text(xml, "OrgnlMsgId", status.MessageId);
        Text(xml, "OrgnlMsgNmId", status.MessageName);
        Text(xml, "OrgnlCreDtTm", status.CreatedAt);
        Text(xml, "OrgnlNbOfTxs", status.Payments.ToString(CultureInfo.InvariantCulture));
        Text(xml, "OrgnlCtrlSum", status.ControlSum.ToString(CultureInfo.InvariantCulture));
        Text(xml, "GrpSts", status.GroupStatus);
        WriteReason(xml, status.Reason);
        WriteCounts(xml, status.Settled, status.Rejected, status.Pending);
        xml.WriteEndElement();
    }

    private static async Task WriteBlockAsync(XmlOutput buffered, IReadOnlyList<PaymentResult> block, int version, CancellationToken cancel)
    {
        var xml = buffered.Xml;
        var settled = block.Count(result => result.Status == PaymentStatus.Settled);
        var rejected = block.Count(result => result.Status == PaymentStatus.Rejected);
        Start(xml, "OrgnlPmtInfAndSts");
        Text(xml, "OrgnlPmtInfId", block[0].InstructionBlockId);
        Text(xml, "OrgnlNbOfTxs", block.Count.ToString(CultureInfo.InvariantCulture));
        Text(xml, "PmtInfSts", PaymentStatus.OfGroup(block.Count, settled, rejected, isAllTried: settled + rejected > 0));
        WriteCounts(xml, settled, rejected, block.Count - settled - rejected);
        foreach (var result in block)
        {
            WritePayment(xml, result, version);
            // Keeps the buffer small: a report may hold a hundred thousand payments.
            if (result.Index % Limits.PageRows == 0) await buffered.FlushAsync(cancel);
        }

        xml.WriteEndElement();
    }

    private static void WritePayment(XmlWriter xml, PaymentResult result, int version)
    {
        Start(xml, "TxInfAndSts");
        if (result.InstructionId is not null) Text(xml, "OrgnlInstrId", result.InstructionId);
        Text(xml, "OrgnlEndToEndId", result.EndToEndId);
        if (result.Uetr is not null && version >= UetrVersion) Text(xml, "OrgnlUETR", result.Uetr);
        Text(xml, "TxSts", result.Status);
        WriteReason(xml, result.Reason);
        if (result.TransferId is { } transferId) Text(xml, "AcctSvcrRef", transferId.ToString("N"));
        Start(xml, "OrgnlTxRef");
        Start(xml, "Amt");
        Start(xml, "InstdAmt");
        xml.WriteAttributeString("Ccy", result.Currency);
        xml.WriteString(result.Amount);
        xml.WriteEndElement();
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
        foreach (var line in MessageText.Lines(MessageText.Printable(reason.Detail), Limits.IsoAdditionalInformationCharacters)) Text(xml, "AddtlInf", line);
        xml.WriteEndElement();
    }

    private static void WriteCounts(XmlWriter xml, int settled, int rejected, int pending)
    {
        foreach (var (count, code) in new[] { (settled, PaymentStatus.Settled), (rejected, PaymentStatus.Rejected), (pending, PaymentStatus.Pending) })
        {
            if (count == 0) continue;
            Start(xml, "NbOfTxsPerSts");
            Text(xml, "DtldNbOfTxs", count.ToString(CultureInfo.InvariantCulture));
            Text(xml, "DtldSts", code);
            xml.WriteEndElement();
        }
    }

    // Consecutive results of one PmtInf; ids may repeat within a file, so the place decides.
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

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
