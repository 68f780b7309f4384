using System.Globalization;
using System.Text;
using Tideline.Kernel;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Iso20022;
using static Tideline.Tests.Services.Payments.Iso20022.Pain001Sample;

namespace Tideline.Tests.Services.Payments.Iso20022;

public sealed class Pain001ReaderTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    public void Every_version_gives_the_same_message(int version)
    {
        var sample = new Pain001Sample(version, new(Anna, Ben, "100.50", Text: "Rent"), new(Anna, Carla, "7"),
            new(Ben, Anna, "0.25"));
        ShouldBeTheSame(Read(sample.ToString()), $"pain.001.001.{version:00}", version >= 9);
    }

    [Theory]
    [InlineData("http://www.six-interbank-clearing.com/de/pain.001.001.03.ch.02.xsd", "pain.001.001.03.ch.02")]
    [InlineData("urn:iso:std:iso:20022:tech:xsd:pain.001.002.03", "pain.001.002.03")]
    [InlineData("urn:iso:std:iso:20022:tech:xsd:pain.001.003.03", "pain.001.003.03")]
    public void A_national_dialect_gives_the_same_message(string space, string name)
    {
        var sample = new Pain001Sample(3, new(Anna, Ben, "100.50", Text: "Rent"), new(Anna, Carla, "7"),
            new(Ben, Anna, "0.25"))
        { Namespace = space };
        ShouldBeTheSame(Read(sample.ToString()), name, hasUetr: false);
    }

    [Theory]
    [InlineData("pain.001.002.03", ">1</InstdAmt>", ">0.00</InstdAmt>", "from 0.01 to 999999999.99")]
    [InlineData("pain.001.002.03", ">1</InstdAmt>", ">1000000000</InstdAmt>", "from 0.01 to 999999999.99")]
    [InlineData("pain.001.002.03", "Ccy=\"EUR\"", "Ccy=\"USD\"", "is not one of EUR")]
    [InlineData("pain.001.002.03", "<CdtrAgt><FinInstnId><BIC>BNPAFRPP</BIC></FinInstnId></CdtrAgt>", "",
        "has no CdtrAgt")]
    [InlineData("pain.001.003.03", "<Cdtr><Nm>Ben</Nm></Cdtr>", "", "has no Cdtr")]
    [InlineData("pain.001.003.03", "<EndToEndId>E2E</EndToEndId>", "<EndToEndId>E_2</EndToEndId>", "that SEPA allows")]
    public void A_dialect_has_rules_of_its_own(string name, string part, string replacement, string words)
    {
        var space = "urn:iso:std:iso:20022:tech:xsd:" + name;
        var text = new Pain001Sample(3, new Order(Anna, Ben, "1")) { Namespace = space }.ToString();
        text.ShouldContain(part);
        var message = Read(text.Replace(part, replacement, StringComparison.Ordinal));
        message.Instructions[0].Payments[0].Breach!.Detail.ShouldContain(words);
        message.Instructions[0].Breach.ShouldBeNull();
    }

    [Theory]
    [InlineData("windows-1252")]
    [InlineData("Windows-1250")]
    [InlineData("iso-8859-1")]
    [InlineData("ISO-8859-2")]
    [InlineData("ISO-8859-15")]
    [InlineData("utf-8")]
    [InlineData("utf-8", true)]
    [InlineData("UTF-16LE")]
    [InlineData("UTF-16BE")]
    [InlineData("utf-16", true)]
    [InlineData("utf-16LE", true)]
    [InlineData("utf-16BE", true)]
    public void A_file_is_read_in_the_encoding_that_it_names(string name, bool isMarked = false)
    {
        var text = new Pain001Sample(9, new Order(Anna, Ben, "1", Text: "Größe")).ToString()
            .Replace("UTF-8", name, StringComparison.Ordinal);
        var encoding = CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        using var file = new MemoryStream([.. isMarked ? encoding.GetPreamble() : [], .. encoding.GetBytes(text)]);
        Pain001Reader.Read(file, default).Instructions[0].Payments[0].Reference.ShouldBe("Größe");
    }

    [Theory]
    [InlineData("windows-1252", "utf-8", true,
        "the declaration says encoding 'windows-1252', the first bytes say utf-8")]
    [InlineData("UTF-8", "utf-16LE", true, "the declaration says encoding 'UTF-8', the first bytes say utf-16")]
    [InlineData("UTF-16BE", "utf-16LE", true, "the declaration says encoding 'UTF-16BE', the first bytes say utf-16")]
    [InlineData("UTF-16", "utf-8", false, "the declaration says encoding 'UTF-16', the first bytes say utf-8")]
    [InlineData("UTF-16", "utf-8", true, "the declaration says encoding 'UTF-16', the first bytes say utf-8")]
    [InlineData("UTF-8", "utf-32", true, "UTF-32 is not supported")]
    [InlineData("utf-7", "utf-8", false, "encoding 'utf-7' is not supported")]
    [InlineData("IBM037", "utf-8", false, "encoding 'IBM037' is not supported")]
    [InlineData("ISO-8859-99", "utf-8", false, "encoding 'ISO-8859-99' is not supported")]
    [InlineData("UTF-8", "windows-1252", false, "bytes that are invalid in its encoding")]
    [InlineData("US-ASCII", "utf-8", false, "bytes that are invalid in its encoding")]
    public void An_encoding_that_contradicts_the_bytes_is_refused(string declared, string real, bool isMarked,
        string words)
    {
        var text = new Pain001Sample(9, new Order(Anna, Ben, "1", Text: "Größe")).ToString()
            .Replace("UTF-8", declared, StringComparison.Ordinal);
        var encoding = CodePagesEncodingProvider.Instance.GetEncoding(real) ?? Encoding.GetEncoding(real);
        using var file = new MemoryStream([.. isMarked ? encoding.GetPreamble() : [], .. encoding.GetBytes(text)]);
        var fault = Should.Throw<TidelineException>(() => Pain001Reader.Read(file, default));
        fault.Code.ShouldBe(ErrorCode.InvalidInput);
        fault.Message.ShouldMatch("^Line [0-9]+: ");
        fault.Message.ShouldContain(words);
    }

    [Fact]
    public void A_time_of_execution_is_read_as_its_day_in_utc()
    {
        var text = new Pain001Sample(11, new Order(Anna, Ben, "1")).ToString()
            .Replace("<Dt>2026-03-02</Dt>", "<DtTm>2026-03-02T23:30:00-02:00</DtTm>", StringComparison.Ordinal);
        Read(text).Instructions[0].RequestedDate.ShouldBe(new DateOnly(2026, 3, 3));
    }

    [Fact]
    public void A_long_text_is_cut_and_no_character_is_halved()
    {
        MessageText.Cut(new string('x', Limits.ReferenceCharacters - 1) + "😀 and more", Limits.ReferenceCharacters)
            .ShouldBe(new string('x', Limits.ReferenceCharacters - 1));
    }

    [Theory]
    [InlineData("2026-03-02T23:30:00.5-02:00", "2026-03-03")]
    [InlineData("2026-03-02T00:30:00+01:00", "2026-03-01")]
    [InlineData("2026-03-02T23:30:00", "2026-03-02")]
    [InlineData("0001-01-01T00:00:00+14:00", "0001-01-01")]
    public void A_time_is_the_day_in_utc(string time, string day) =>
        IsoTime.UtcDay(time).ShouldBe(DateOnly.Parse(day, CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("<!DOCTYPE x>")]
    [InlineData("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>")]
    [InlineData("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>")]
    [InlineData("<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\">")]
    public void Document_types_and_entities_are_refused(string extra)
    {
        var text = (new Pain001Sample(9, new Order(Anna, Ben, "1")) { Extra = extra }).ToString();
        Should.Throw<TidelineException>(() => Read(text)).Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Fact]
    public void A_file_with_too_many_payments_is_refused()
    {
        var text = new Pain001Sample(9, new Order(Anna, Ben, "1")).ToString();
        var (start, end) = (text.IndexOf("<CdtTrfTxInf>", StringComparison.Ordinal),
            text.IndexOf("</PmtInf>", StringComparison.Ordinal));
        const string Small = "<CdtTrfTxInf><PmtId><EndToEndId>E</EndToEndId></PmtId>"
            + "<Amt><InstdAmt Ccy=\"EUR\">1</InstdAmt></Amt></CdtTrfTxInf>\n";
        var many = new StringBuilder(text[..start])
            .Insert(start, Small, PaymentLimits.ImportPayments + 1).Append(text[end..]).ToString();
        Should.Throw<TidelineException>(() => Read(many)).Message.ShouldContain("more than 100000 payments");
    }

    private static void ShouldBeTheSame(Pain001Message message, string name, bool hasUetr)
    {
        (message.Name, message.MessageId, message.InitiatingParty).ShouldBe((name, "MSG-1", "Harbour Ltd"));
        (message.DeclaredCount, message.DeclaredSum, message.Count, message.Sum).ShouldBe((3, 107.75m, 3, 107.75m));
        message.Instructions.ShouldAllBe(block => block.Breach == null
            && block.Payments.All(payment => payment.Breach == null));
        message.Instructions.Count.ShouldBe(2);
        var block = message.Instructions[0];
        (block.Id, block.Method, block.DebtorName, block.Debtor.Iban, block.RequestedDate)
            .ShouldBe(("BLOCK-1", "TRF", "Anna & Co", Anna, new DateOnly(2026, 3, 2)));
        var payment = block.Payments[0];
        (payment.InstructionId, payment.EndToEndId, payment.AmountText, payment.CurrencyCode)
            .ShouldBe(("I-1", "E2E", "100.50", "EUR"));
        (payment.CreditorName, payment.Creditor.Iban, payment.Reference).ShouldBe(("Ben", Ben, "Rent"));
        payment.Uetr.ShouldBe(hasUetr ? "eb6305c9-1f7f-49de-aed0-16487c27b42d" : null);
        ControlChecks.Check(message).ShouldBeNull();
    }

    private static Pain001Message Read(string text)
    {
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return Pain001Reader.Read(file, default);
    }
}
