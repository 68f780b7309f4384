using System.Text;
using Tideline.Kernel;
using Tideline.Services.Payments.Iso20022;
using static Tideline.Tests.Services.Payments.Iso20022.Pain001Sample;

namespace Tideline.Tests.Services.Payments.Iso20022;

public sealed class Pain001ReaderTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(11)]
    public void Every_version_gives_the_same_message(int version)
    {
        using var file = new Pain001Sample(version, new(Anna, Ben, "100.50", Text: "Rent"), new(Anna, Carla, "7"), new(Ben, Anna, "0.25")).ToStream();
        var message = Pain001Reader.Read(file);
        message.Version.ShouldBe(version);
        message.MessageId.ShouldBe("MSG-1");
        message.InitiatingParty.ShouldBe("Harbour Ltd|HARBOUR-7");
        (message.DeclaredCount, message.DeclaredSum, message.Count, message.Sum).ShouldBe((3, 107.75m, 3, 107.75m));
        message.Instructions.Count.ShouldBe(2);
        var block = message.Instructions[0];
        (block.Id, block.Method, block.DebtorName, block.DebtorIban, block.RequestedDate).ShouldBe(("BLOCK-1", "TRF", "Anna & Co", Anna, new DateOnly(2026, 3, 2)));
        var payment = block.Payments[0];
        (payment.InstructionId, payment.EndToEndId, payment.AmountText, payment.CurrencyCode, payment.CreditorName, payment.CreditorIban, payment.Reference)
            .ShouldBe(("I-1", "E2E", "100.50", "EUR", "Ben", Ben, "Rent"));
        payment.Uetr.ShouldBe(version >= 9 ? "eb6305c9-1f7f-49de-aed0-16487c27b42d" : null);
        ControlChecks.Check(message).ShouldBeNull();
    }

    [Fact]
    public void A_time_of_execution_is_read_as_its_day_in_utc()
    {
        var text = new Pain001Sample(11, new Order(Anna, Ben, "1")).ToString().Replace("<Dt>2026-03-02</Dt>", "<DtTm>2026-03-02T23:30:00-02:00</DtTm>", StringComparison.Ordinal);
        Read(text).Instructions[0].RequestedDate.ShouldBe(new DateOnly(2026, 3, 3));
    }

    [Fact]
    public void Long_remittance_text_is_cut_and_no_character_is_halved()
    {
        var text = new string('x', Limits.ReferenceCharacters - 1) + "😀 and more";
        Read(new Pain001Sample(9, new Order(Anna, Ben, "1", Text: text)).ToString()).Instructions[0].Payments[0].Reference.ShouldBe(new string('x', Limits.ReferenceCharacters - 1));
    }

    [Theory]
    [InlineData("pain.001.001.09", "pain.001.001.02", "pain.001.001.03 to pain.001.001.11")]
    [InlineData("pain.001.001.09", "pain.001.001.12", "pain.001.001.03 to pain.001.001.11")]
    [InlineData("pain.001.001.09", "pain.008.001.08", "pain.001.001.03 to pain.001.001.11")]
    [InlineData("<MsgId>MSG-1</MsgId>", "", "GrpHdr has no MsgId")]
    [InlineData("<MsgId>MSG-1</MsgId>", "<MsgId> </MsgId>", "MsgId is empty")]
    [InlineData("<MsgId>MSG-1</MsgId>", "<MsgId>123456789012345678901234567890123456</MsgId>", "MsgId has 36 characters; 35 are allowed")]
    [InlineData("<EndToEndId>E2E</EndToEndId>", "", "no PmtId/EndToEndId")]
    [InlineData("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>one</NbOfTxs>", "'one' is not a number")]
    [InlineData("<Dt>2026-03-02</Dt>", "<Dt>2026-02-30</Dt>", "is not a date")]
    [InlineData("09:30:00</CreDtTm>", "</CreDtTm>", "is not a time")]
    [InlineData(">1</InstdAmt>", ">1e3</InstdAmt>", "is not a decimal")]
    [InlineData(" Ccy=\"EUR\"", "", "no Ccy")]
    [InlineData("<Cdtr>", "<Cdtr><", "well-formed")]
    [InlineData("</CstmrCdtTrfInitn></Document>", "", "well-formed")]
    public void What_is_wrong_is_said_with_its_line(string part, string replacement, string words)
    {
        var text = new Pain001Sample(9, new Order(Anna, Ben, "1")).ToString();
        text.ShouldContain(part);
        var fault = Should.Throw<TidelineException>(() => Read(text.Replace(part, replacement, StringComparison.Ordinal)));
        fault.Code.ShouldBe(ErrorCode.InvalidInput);
        fault.Message.ShouldMatch("^Line [0-9]+: ");
        fault.Message.ShouldContain(words);
    }

    [Fact]
    public void The_line_of_a_fault_is_the_line_in_the_file()
    {
        var fault = Should.Throw<TidelineException>(() => Read(new Pain001Sample(9, new(Anna, Ben, "1"), new(Anna, Ben, "2", Currency: "EURO")).ToString()));
        fault.Message.ShouldBe("Line 18: Ccy has three letters.");
    }

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
        var (start, end) = (text.IndexOf("<CdtTrfTxInf>", StringComparison.Ordinal), text.IndexOf("</PmtInf>", StringComparison.Ordinal));
        const string Small = "<CdtTrfTxInf><PmtId><EndToEndId>E</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"EUR\">1</InstdAmt></Amt></CdtTrfTxInf>";
        var many = new StringBuilder(text[..start]).Insert(start, Small, Limits.ImportPayments + 1).Append(text[end..]).ToString();
        Should.Throw<TidelineException>(() => Read(many)).Message.ShouldContain("more than 100000 payments");
    }

    private static Pain001Message Read(string text)
    {
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return Pain001Reader.Read(file);
    }
}
