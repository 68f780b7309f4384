using System.Globalization;
using System.Text;

namespace Tideline.Tests.Services.Payments.Iso20022;

/// <summary>Writes pain.001 files of any version for tests.</summary>
internal sealed record Pain001Sample(int Version, params Pain001Sample.Order[] Orders)
{
    public const string Anna = "DE89370400440532013000",
    Ben = "FR1420041010050500013M02606", Carla = "GB82WEST12345698765432", Nobody = "NO9386011117947";

    public string MessageId { get; init; } = "MSG-1";

    public string Date { get; init; } = "2026-03-02";

    public long? Count { get; init; }

    public string? Sum { get; init; }

    public string? BlockSum { get; init; }

    public long? BlockCount { get; init; }

    public string Method { get; init; } = "TRF";

    public string Extra { get; init; } = "";

    public string Sender { get; init; } = "Harbour Ltd";

    /// <summary>A national dialect instead of the plain standard; it needs version 3.</summary>
    public string? Namespace { get; init; }

    public sealed record Order(string From, string To, string Amount,
        string Currency = "EUR", string EndToEnd = "E2E", string? Text = null, string AmountElement = "");

    public Stream ToStream() => new MemoryStream(Encoding.UTF8.GetBytes(ToString()));

    /// <summary>The sums are of the amounts that are numbers without a sign.</summary>
    private static decimal Total(IEnumerable<Order> orders) =>
        orders.Sum(order => decimal.TryParse(order.Amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out var amount) ? amount : 0);

    public override string ToString()
    {
        var xml = new StringBuilder();
        var total = Total(Orders);
        xml.AppendLine("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").AppendLine(Extra);
        var space = Namespace ?? $"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{Version:00}";
        xml.AppendLine(CultureInfo.InvariantCulture, $"<Document xmlns=\"{space}\"><CstmrCdtTrfInitn>");
        xml.Append(CultureInfo.InvariantCulture, $"<GrpHdr><MsgId>{MessageId}</MsgId>");
        xml.Append("<CreDtTm>2026-03-01T09:30:00</CreDtTm>");
        xml.AppendLine(CultureInfo.InvariantCulture, $"<NbOfTxs>{Count ?? Orders.Length}</NbOfTxs>");
        xml.AppendLine(
            CultureInfo.InvariantCulture, $"<CtrlSum>{Sum ?? total.ToString(CultureInfo.InvariantCulture)}</CtrlSum>");
        xml.AppendLine(CultureInfo.InvariantCulture,
            $"<InitgPty><Nm>{Sender}</Nm><Id><OrgId><Othr><Id>HARBOUR-7</Id></Othr></OrgId></Id></InitgPty></GrpHdr>");
        var block = 0;
        var number = 0;
        foreach (var group in Orders.GroupBy(order => order.From))
        {
            xml.Append(CultureInfo.InvariantCulture, $"<PmtInf><PmtInfId>BLOCK-{++block}</PmtInfId>");
            xml.AppendLine(CultureInfo.InvariantCulture,
                $"<PmtMtd>{Method}</PmtMtd><NbOfTxs>{BlockCount ?? group.Count()}</NbOfTxs>");
            xml.AppendLine(CultureInfo.InvariantCulture,
                $"<CtrlSum>{BlockSum ?? Total(group).ToString(CultureInfo.InvariantCulture)}</CtrlSum>");
            xml.AppendLine("<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>");
            xml.AppendLine(
                Version >= 8 ? $"<ReqdExctnDt><Dt>{Date}</Dt></ReqdExctnDt>" : $"<ReqdExctnDt>{Date}</ReqdExctnDt>");
            xml.AppendLine(CultureInfo.InvariantCulture,
                $"<Dbtr><Nm>Anna &amp; Co</Nm></Dbtr><DbtrAcct><Id><IBAN>{group.Key}</IBAN></Id></DbtrAcct>");
            xml.AppendLine(CultureInfo.InvariantCulture, $"<DbtrAgt>{Institution("DEUTDEFF")}</DbtrAgt>");
            foreach (var order in group) Append(xml, order, ++number);
            xml.AppendLine("</PmtInf>");
        }

        return xml.Append("</CstmrCdtTrfInitn></Document>").ToString();
    }

    private void Append(StringBuilder xml, Order order, int number)
    {
        var uetr = Version >= 9 ? "<UETR>eb6305c9-1f7f-49de-aed0-16487c27b42d</UETR>" : "";
        xml.Append(CultureInfo.InvariantCulture, $"<CdtTrfTxInf><PmtId><InstrId>I-{number}</InstrId>");
        xml.AppendLine(CultureInfo.InvariantCulture, $"<EndToEndId>{order.EndToEnd}</EndToEndId>{uetr}</PmtId>");
        xml.AppendLine(order.AmountElement.Length > 0
            ? order.AmountElement
            : $"<Amt><InstdAmt Ccy=\"{order.Currency}\">{order.Amount}</InstdAmt></Amt>");
        xml.AppendLine(CultureInfo.InvariantCulture, $"<CdtrAgt>{Institution("BNPAFRPP")}</CdtrAgt>");
        xml.AppendLine(CultureInfo.InvariantCulture,
            $"<Cdtr><Nm>Ben</Nm></Cdtr><CdtrAcct><Id><IBAN>{order.To}</IBAN></Id></CdtrAcct>");
        if (order.Text is not null)
            xml.AppendLine(CultureInfo.InvariantCulture, $"<RmtInf><Ustrd>{order.Text}</Ustrd></RmtInf>");
        xml.AppendLine("</CdtTrfTxInf>");
    }

    private string Institution(string bic) => Version >= 4 ? $"<FinInstnId><BICFI>{bic}</BICFI></FinInstnId>"
        : $"<FinInstnId><BIC>{bic}</BIC></FinInstnId>";
}
