using System.Globalization;
using System.Xml;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Payments.Iso20022;

namespace Tideline.Services.Payments.Statements;

/// <summary>Writes a statement as camt.053.001.08, entry by entry, whatever its length.</summary>
public static class Camt053Writer
{
    private const string Namespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";

    /// <summary>Writes the document; leaves the stream open.</summary>
    public static async Task WriteAsync(
        Statement statement, IAsyncEnumerable<StatementEntry> entries, Stream output, CancellationToken cancel)
    {
        using var buffered = new XmlOutput(output);
        var xml = buffered.Xml;
        xml.WriteStartDocument();
        xml.WriteStartElement("Document", Namespace);
        xml.WriteStartElement("BkToCstmrStmt");
        xml.WriteStartElement("GrpHdr");
        xml.WriteElementString("MsgId", statement.StatementId.ToString("N"));
        xml.WriteElementString("CreDtTm", Time(statement.CreatedAt));
        xml.WriteEndElement();
        xml.WriteStartElement("Stmt");
        WriteFrame(xml, statement);
        var written = 0;
        await foreach (var entry in entries.WithCancellation(cancel))
        {
            WriteEntry(xml, statement.Currency, entry);
            if (++written % Limits.PageRows == 0) await buffered.FlushAsync(cancel);
        }

        xml.WriteEndDocument();
        await buffered.FlushAsync(cancel);
    }

    private static void WriteFrame(XmlWriter xml, Statement statement)
    {
        xml.WriteElementString("Id", statement.StatementId.ToString("N"));
        xml.WriteElementString("CreDtTm", Time(statement.CreatedAt));
        xml.WriteStartElement("FrToDt");
        xml.WriteElementString("FrDtTm", Time(statement.From));
        xml.WriteElementString("ToDtTm", Time(statement.To));
        xml.WriteEndElement();
        xml.WriteStartElement("Acct");
        xml.WriteStartElement("Id");
        if (statement.Iban is not null)
        {
            xml.WriteElementString("IBAN", statement.Iban);
        }
        else
        {
            xml.WriteStartElement("Othr");
            xml.WriteElementString("Id", statement.AccountId.ToString("N"));
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        xml.WriteElementString("Ccy", statement.Currency.Code);
        xml.WriteEndElement();
        WriteBalance(xml, "OPBD", statement.OpeningMinor, statement.From, statement.Currency);
        WriteBalance(xml, "CLBD", statement.ClosingMinor, statement.To, statement.Currency);
        xml.WriteStartElement("TxsSummry");
        xml.WriteStartElement("TtlNtries");
        xml.WriteElementString("NbOfNtries", statement.Entries.ToString(CultureInfo.InvariantCulture));
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void WriteBalance(XmlWriter xml, string code, long minor, DateTimeOffset at, Currency currency)
    {
        xml.WriteStartElement("Bal");
        xml.WriteStartElement("Tp");
        xml.WriteStartElement("CdOrPrtry");
        xml.WriteElementString("Cd", code);
        xml.WriteEndElement();
        xml.WriteEndElement();
        WriteAmount(xml, minor, currency);
        WriteTime(xml, "Dt", at);
        xml.WriteEndElement();
    }

    private static void WriteEntry(XmlWriter xml, Currency currency, StatementEntry entry)
    {
        xml.WriteStartElement("Ntry");
        xml.WriteElementString("NtryRef", entry.Version.ToString(CultureInfo.InvariantCulture));
        WriteAmount(xml, entry.AmountMinor, currency);
        if (entry.Kind == TransactionKind.Refund) xml.WriteElementString("RvslInd", "true");
        xml.WriteStartElement("Sts");
        xml.WriteElementString("Cd", "BOOK");
        xml.WriteEndElement();
        WriteTime(xml, "BookgDt", entry.BookedAt);
        if (entry.Details?.ValueDate is { } date)
        {
            xml.WriteStartElement("ValDt");
            xml.WriteElementString("Dt", date.ToString("O", CultureInfo.InvariantCulture));
            xml.WriteEndElement();
        }
        else
        {
            WriteTime(xml, "ValDt", entry.BookedAt);
        }

        xml.WriteElementString("AcctSvcrRef", entry.TransactionId.ToString("N"));
        var code = BankTransactionCode.Of(entry);
        xml.WriteStartElement("BkTxCd");
        xml.WriteStartElement("Domn");
        xml.WriteElementString("Cd", "PMNT");
        xml.WriteStartElement("Fmly");
        xml.WriteElementString("Cd", code.Family);
        xml.WriteElementString("SubFmlyCd", code.SubFamily);
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteEndElement();
        WriteDetails(xml, currency, entry);
        xml.WriteEndElement();
    }

    private static void WriteDetails(XmlWriter xml, Currency currency, StatementEntry entry)
    {
        xml.WriteStartElement("NtryDtls");
        xml.WriteStartElement("TxDtls");
        xml.WriteStartElement("Refs");
        xml.WriteElementString("AcctSvcrRef", entry.TransactionId.ToString("N"));
        // The standard's value for a payment without one.
        var parties = PaymentParties.Read(entry.Details?.Personal);
        xml.WriteElementString("EndToEndId", Text(parties?.EndToEndId) ?? "NOTPROVIDED");
        xml.WriteEndElement();
        WriteAmount(xml, entry.AmountMinor, currency);
        WriteParties(xml, parties);
        WriteRemittance(xml, parties, entry.Reference);
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void WriteParties(XmlWriter xml, PaymentParties? parties)
    {
        if (parties is not { Debtor: not null } and not { Creditor: not null }) return;
        xml.WriteStartElement("RltdPties");
        WriteParty(xml, "Dbtr", parties.Debtor);
        WriteParty(xml, "Cdtr", parties.Creditor);
        xml.WriteEndElement();
    }

    private static void WriteParty(XmlWriter xml, string role, PaymentParty? party)
    {
        if (Text(party?.Name) is { } name)
        {
            xml.WriteStartElement(role);
            xml.WriteStartElement("Pty");
            xml.WriteElementString("Nm", name);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        if (party?.Iban is null) return;
        xml.WriteStartElement(role + "Acct");
        xml.WriteStartElement("Id");
        xml.WriteElementString("IBAN", party.Iban);
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void WriteRemittance(XmlWriter xml, PaymentParties? parties, string? reference)
    {
        string?[] lines = [reference];
        if (parties?.Remittance is { Length: > 0 } said) lines = said;
        var structured = Text(parties?.StructuredReference);
        if (structured is null && lines.All(string.IsNullOrEmpty)) return;
        xml.WriteStartElement("RmtInf");
        foreach (var line in lines)
        {
            if (Text(line) is { } text) xml.WriteElementString("Ustrd", text);
        }

        if (structured is not null)
        {
            xml.WriteStartElement("Strd");
            xml.WriteStartElement("CdtrRefInf");
            xml.WriteElementString("Ref", structured);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    // Text from JSON may contain control characters that XML does not allow.
    private static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : MessageText.Printable(text);

    // Amounts carry no sign in ISO 20022; the indicator beside them does.
    private static void WriteAmount(XmlWriter xml, long minor, Currency currency)
    {
        xml.WriteStartElement("Amt");
        xml.WriteAttributeString("Ccy", currency.Code);
        xml.WriteString(new Money(Math.Abs(minor), currency).ToDecimalString());
        xml.WriteEndElement();
        xml.WriteElementString("CdtDbtInd", minor < 0 ? "DBIT" : "CRDT");
    }

    private static void WriteTime(XmlWriter xml, string name, DateTimeOffset time)
    {
        xml.WriteStartElement(name);
        xml.WriteElementString("DtTm", Time(time));
        xml.WriteEndElement();
    }

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
}
