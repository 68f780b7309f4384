using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Services.Payments.Imports;
using Tideline.Tests.Services.Payments.Iso20022;
using static Tideline.Tests.Services.Payments.Iso20022.Pain001Sample;

namespace Tideline.Tests.Services.Payments.Imports;

/// <summary>
/// A good file of two payments, changed in one place: what is wrong is named with its line, and is never paid.
/// </summary>
public sealed class HostileFileTests : IAsyncDisposable
{
    private const string Uetr = "eb6305c9-1f7f-49de-aed0-16487c27b42d";
    private const string Message = "<MsgId>MSG-1</MsgId>", Group = "<NbOfTxs>2</NbOfTxs>",
        End = "</CstmrCdtTrfInitn></Document>";
    private const string DebtorAccount = $"<DbtrAcct><Id><IBAN>{Anna}</IBAN></Id></DbtrAcct>";
    private const string CreditorAccount = $"<CdtrAcct><Id><IBAN>{Ben}</IBAN></Id></CdtrAcct>";
    private const string Instructed = "<InstdAmt Ccy=\"EUR\">1</InstdAmt>", Amount = $"<Amt>{Instructed}</Amt>";
    private const string Equivalent = "<EqvtAmt><Amt Ccy=\"EUR\">1</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>";
    private const string Ids = $"<PmtId><InstrId>I-1</InstrId><EndToEndId>E2E</EndToEndId><UETR>{Uetr}</UETR></PmtId>";
    private const string Date = "<ReqdExctnDt><Dt>2026-03-02</Dt></ReqdExctnDt>";
    private const string Other = "<Othr><Id>1</Id></Othr>";
    private const string Xsi = "http://www.w3.org/2001/XMLSchema-instance";

    private readonly string _directory =
        Path.Combine(Path.GetTempPath(), "tideline-" + new IdGenerator(TimeProvider.System).Next());
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeBank _bank = new();
    private readonly PaymentImports _imports;

    public HostileFileTests() => _imports = PaymentImports.Start(_directory, _bank.Seam, _time, NullLogger.Instance);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Outside of the blocks: a part, what replaces it, and what is said.</summary>
    public static TheoryData<string, string, string> Files => new()
    {
        { "pain.001.001.09", "pain.001.001.02", "is not a Document of pain.001.001.03 to pain.001.001.12" },
        { "pain.001.001.09", "pain.001.001.13", "is not a Document of" },
        { "pain.001.001.09", "pain.008.001.09", "is not a Document of" },
        { "<CstmrCdtTrfInitn>", "<CstmrCdtTrfInitn xmlns=\"urn:other\">",
            "'CstmrCdtTrfInitn' in Document is in namespace 'urn:other'" },
        { End, "</CstmrCdtTrfInitn><CstmrCdtTrfInitn/></Document>", "holds 2 'CstmrCdtTrfInitn'; at most 1 allowed" },
        { End, "</CstmrCdtTrfInitn></Document>x", "well-formed" },
        { End, "</CstmrCdtTrfInitn></Document><Document/>", "well-formed" },
        { End, "", "well-formed" },
        { "<Cdtr>", "<Cdtr><", "well-formed" },
        { "<GrpHdr>", "<GrpHdr a=\"1\" a=\"2\">", "well-formed" },
        { "<GrpHdr>", "<GrpHdr a=\"1\">", "GrpHdr has an attribute 'a', which the schema does not know" },
        { "<GrpHdr>", "<GrpHdr>text", "GrpHdr holds text between its elements" },
        { "<GrpHdr>", "&nbsp;<GrpHdr>", "well-formed" },
        { "<MsgId>", $"<MsgId xmlns:x=\"{Xsi}\" x:nil=\"true\">", "MsgId has an attribute 'x:nil'" },
        { Message, "", "GrpHdr has no MsgId before CreDtTm" },
        { Message, Message + Message, "holds 2 'MsgId'; at most 1 allowed" },
        { Message, "<MsgId/>", "MsgId is empty" },
        { Message, "<MsgId> </MsgId>", "MsgId is empty" },
        { Message, "<MsgId>123456789012345678901234567890123456</MsgId>", "is not a text of 1 to 35 characters" },
        { Message, "<MsgId>MSG<Nm>1</Nm></MsgId>", "MsgId is a text; it must not contain 'Nm'" },
        { Message, Message + "<Evil>1</Evil>", "GrpHdr holds 'Evil', which is not allowed there" },
        { "<CreDtTm>2026-03-01T09:30:00</CreDtTm>", "<CreDtTm>2026-03-01T09:30:00garbage</CreDtTm>",
            "is not a time such as" },
        { "<CreDtTm>2026-03-01T09:30:00</CreDtTm>", "<CreDtTm>2026-02-30T09:30:00</CreDtTm>", "is not a time such as" },
        { "<CreDtTm>2026-03-01T09:30:00</CreDtTm>", "<CreDtTm>2026-03-01</CreDtTm>", "is not a time such as" },
        { "<CreDtTm>2026-03-01T09:30:00</CreDtTm>", "<CreDtTm>1 March 2026 T09:30</CreDtTm>", "is not a time such as" },
        { Group, "", "GrpHdr has no NbOfTxs before CtrlSum" },
        { Group, Group + Group, "holds 2 'NbOfTxs'; at most 1 allowed" },
        { Group, "<NbOfTxs>two</NbOfTxs>", "'two' is not a number of transactions" },
        { Group, "<NbOfTxs>+2</NbOfTxs>", "'+2' is not a number of transactions" },
        { Group, "<NbOfTxs> 2</NbOfTxs>", "' 2' is not a number of transactions" },
        { Group, "<CtrlSum>3</CtrlSum><NbOfTxs>2</NbOfTxs>", "GrpHdr has no NbOfTxs before CtrlSum" },
        { "<CtrlSum>3</CtrlSum>", "<CtrlSum>3e0</CtrlSum>",
            "'3e0' is not a decimal of up to 18 digits without a sign" },
        { "<CtrlSum>3</CtrlSum>", "<CtrlSum>-3</CtrlSum>", "'-3' is not a decimal" },
        { "<CtrlSum>3</CtrlSum>", "<CtrlSum>1234567890123456789</CtrlSum>", "is not a decimal" },
        { "</GrpHdr>", "</GrpHdr><GrpHdr/>", "holds 2 'GrpHdr'; at most 1 allowed" },
        { "</PmtInf>", "</PmtInf><GrpHdr/>", "holds 'GrpHdr' out of order, or once too often" },
        { "</PmtInf>", "</PmtInf><PmtInf><PmtInfId>B</PmtInfId></PmtInf>", "The PmtInf has no CdtTrfTxInf" },
        { "</PmtInf>", "</PmtInf><CdtTrfTxInf/>", "holds 'CdtTrfTxInf', which is not allowed there" },
    };

    /// <summary>In a block, outside of its payments.</summary>
    public static TheoryData<string, string, string, string> Blocks => new()
    {
        { "<PmtInfId>BLOCK-1</PmtInfId>", "", "FF02", "PmtInf has no PmtInfId before PmtMtd" },
        { "<PmtInfId>BLOCK-1</PmtInfId>", "<PmtInfId>123456789012345678901234567890123456</PmtInfId>", "FF02",
            "1 to 35 characters" },
        { "<PmtMtd>TRF</PmtMtd>", "<PmtMtd>PAY</PmtMtd>", "FF02", "PmtMtd 'PAY' is not one of CHK, TRF, TRA" },
        { "<PmtMtd>TRF</PmtMtd>", "<PmtMtd> TRF</PmtMtd>", "FF02", "is not one of" },
        { "<PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRF</PmtMtd><PmtMtd>CHK</PmtMtd>", "FF02", "holds 2 'PmtMtd'" },
        { "<PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRF</PmtMtd><BtchBookg>maybe</BtchBookg>", "FF02",
            "'maybe' is not true or false" },
        { "<PmtTpInf>", "<PmtTpInf/><PmtTpInf>", "FF02", "holds 2 'PmtTpInf'" },
        { Date, "", "FF02", "PmtInf has no ReqdExctnDt before Dbtr" },
        { Date, Date + Date, "FF02", "holds 2 'ReqdExctnDt'" },
        { Date, "<ReqdExctnDt>2026-03-02</ReqdExctnDt>", "FF02", "ReqdExctnDt holds text between its elements" },
        { Date, "<ReqdExctnDt/>", "FF02", "ReqdExctnDt has no Dt or DtTm" },
        { Date, "<ReqdExctnDt><Dt>2026-03-02</Dt><Dt>2026-03-01</Dt></ReqdExctnDt>", "FF02", "'Dt' is one too many" },
        { Date, "<ReqdExctnDt><Dt>2026-03-02</Dt><DtTm>2026-03-02T00:00:00</DtTm></ReqdExctnDt>", "FF02",
            "'DtTm' is one too many" },
        { "2026-03-02</Dt>", "2026-03-02garbage</Dt>", "DT01", "Dt '2026-03-02garbage' is not a date such as" },
        { "2026-03-02</Dt>", "2026-02-30</Dt>", "DT01", "Dt '2026-02-30' is not a date such as" },
        { "2026-03-02</Dt>", "2026-03-02+99:00</Dt>", "DT01", "is not a date such as" },
        { "2026-03-02</Dt>", "2026-03-02T00:00:00</Dt>", "DT01", "is not a date such as" },
        { "2026-03-02</Dt>", "02.03.2026</Dt>", "DT01", "is not a date such as" },
        { "<Dbtr>", "between<Dbtr>", "FF02", "PmtInf holds text between its elements" },
        { "<Dbtr><Nm>Anna &amp; Co</Nm></Dbtr>", "", "FF02", "PmtInf has no Dbtr before DbtrAcct" },
        { "<Dbtr><Nm>Anna &amp; Co</Nm></Dbtr>", DebtorAccount, "FF02", "PmtInf has no Dbtr before DbtrAcct" },
        { DebtorAccount, "", "FF02", "PmtInf has no DbtrAcct before DbtrAgt" },
        { DebtorAccount, DebtorAccount + $"<DbtrAcct><Id><IBAN>{Carla}</IBAN></Id></DbtrAcct>", "FF02",
            "holds 2 'DbtrAcct'" },
        { DebtorAccount, $"<DbtrAcct><Id><IBAN>{Anna}</IBAN><IBAN>{Carla}</IBAN></Id></DbtrAcct>", "FF02",
            "'IBAN' is one too many" },
        { DebtorAccount, $"<DbtrAcct><Id><IBAN>{Anna}</IBAN>{Other}</Id></DbtrAcct>", "FF02",
            "'Othr' is one too many" },
        { DebtorAccount, $"<DbtrAcct><Id><IBAN>{Anna}</IBAN></Id><Ccy>eur</Ccy></DbtrAcct>", "AM03",
            "'eur' is not a currency code" },
        { DebtorAccount, $"<DbtrAcct xmlns=\"urn:x\"><Id><IBAN>{Anna}</IBAN></Id></DbtrAcct>", "FF02",
            "is in namespace 'urn:x'" },
        { $"<IBAN>{Anna}", "<IBAN>DE89 3704 0044 0532 0130 00", "AC02", "is not an IBAN in its electronic form" },
        { $"<IBAN>{Anna}", "<IBAN>de89370400440532013000", "AC02", "is not an IBAN in its electronic form" },
        { $"<IBAN>{Anna}", "<IBAN>DE00370400440532013000", "AC02", "check digits" },
        { "<BICFI>DEUTDEFF</BICFI>", "<BICFI>Deutsche</BICFI>", "FF02", "'Deutsche' is not a BIC" },
        { "<DbtrAgt><FinInstnId><BICFI>DEUTDEFF</BICFI></FinInstnId></DbtrAgt>", "", "FF02",
            "has no DbtrAgt before CdtTrfTxInf" },
        { "</PmtInf>", DebtorAccount + "</PmtInf>", "FF02", "PmtInf holds 'DbtrAcct' out of order, or once too often" },
        { "</PmtInf>", "<PmtInf/></PmtInf>", "FF02", "PmtInf holds 'PmtInf', which is not allowed there" },
    };

    /// <summary>In the first payment, whose amount can be read.</summary>
    public static TheoryData<string, string, string, string> Payments => new()
    {
        { Ids, "", "FF02", "CdtTrfTxInf has no PmtId before Amt" },
        { Ids, Ids + Ids, "FF02", "holds 2 'PmtId'" },
        { Ids, "<PmtId><InstrId>I-1</InstrId></PmtId>", "FF02", "PmtId has no EndToEndId" },
        { Ids, "<PmtId><EndToEndId>A</EndToEndId><EndToEndId>B</EndToEndId></PmtId>", "FF02", "holds 2 'EndToEndId'" },
        { Ids, "<PmtId><EndToEndId>A</EndToEndId><InstrId>I</InstrId></PmtId>", "FF02",
            "holds 'InstrId' out of order" },
        { Ids, "<PmtId><EndToEndId>123456789012345678901234567890123456</EndToEndId></PmtId>", "FF02",
            "1 to 35 characters" },
        { Uetr, "00000000-0000-0000-0000-000000000000", "FF02", "is not a UUID of version 4" },
        { Ids + "\n" + Amount, Amount + Ids, "FF02", "CdtTrfTxInf has no PmtId before Amt" },
        { Instructed, Instructed + "<InstdAmt Ccy=\"EUR\">900</InstdAmt>", "FF02", "'InstdAmt' is one too many" },
        { Instructed, Instructed + Equivalent, "FF02", "'EqvtAmt' is one too many" },
        { Amount, Amount + Amount, "FF02", "holds 2 'Amt'" },
        { Instructed, Equivalent, "AM12", "EqvtAmt requires a conversion" },
        { Instructed, "<InstdAmt>1</InstdAmt>", "AM03", "InstdAmt has no Ccy" },
        { Instructed, "<InstdAmt Ccy=\"EURO\">1</InstdAmt>", "AM03", "'EURO' of InstdAmt is not a currency code" },
        { Instructed, "<InstdAmt Ccy=\"eur\">1</InstdAmt>", "AM03", "'eur' of InstdAmt is not a currency code" },
        { Instructed, "<InstdAmt Ccy=\"EUR\" Cur=\"USD\">1</InstdAmt>", "FF02", "an attribute 'Cur'" },
        { Instructed, "<InstdAmt xmlns:x=\"urn:x\" x:Ccy=\"USD\" Ccy=\"EUR\">1</InstdAmt>", "FF02",
            "an attribute 'x:Ccy'" },
        { Instructed, "<InstdAmt Ccy=\"EUR\">1<b/></InstdAmt>", "FF02",
            "InstdAmt is a text; it must not contain 'b'" },
        { Amount, Amount + "<ChrgBr>ALL</ChrgBr>", "FF02", "ChrgBr 'ALL' is not one of" },
        { Amount, Amount + "<ChrgBr>SLEV</ChrgBr><XchgRateInf/>", "FF02", "holds 'XchgRateInf' out of order" },
        { Amount, Amount + "<Bonus>900</Bonus>", "FF02", "holds 'Bonus', which is not allowed there" },
        { Amount, Amount + "text", "FF02", "CdtTrfTxInf holds text between its elements" },
        { Amount, Amount + "<Cdtr xmlns=\"urn:x\"/>", "FF02", "'Cdtr' in CdtTrfTxInf is in namespace 'urn:x'" },
        { Amount, Amount + "<PmtInf/>", "FF02", "holds 'PmtInf', which is not allowed there" },
        { "<BICFI>BNPAFRPP</BICFI>", "<BICFI>BNP</BICFI>", "FF02", "'BNP' is not a BIC" },
        { "<Cdtr><Nm>Ben</Nm></Cdtr>", "<Cdtr><Nm>Ben</Nm></Cdtr><Cdtr><Nm>Eve</Nm></Cdtr>", "FF02", "holds 2 'Cdtr'" },
        { "<Cdtr><Nm>Ben</Nm></Cdtr>", "<Cdtr><Nm/></Cdtr>", "FF02", "Nm is empty" },
        { CreditorAccount, CreditorAccount + $"<CdtrAcct><Id><IBAN>{Carla}</IBAN></Id></CdtrAcct>", "FF02",
            "holds 2 'CdtrAcct'" },
        { CreditorAccount, $"<CdtrAcct><Id><IBAN>{Ben}</IBAN>{Other}</Id></CdtrAcct>", "FF02",
            "'Othr' is one too many" },
        { CreditorAccount, "<CdtrAcct><Id/></CdtrAcct>", "FF02", "Id has no IBAN or Othr" },
        { CreditorAccount, $"<CdtrAcct><Id>{Other}</Id></CdtrAcct>", "AC01",
            "creditor account has no IBAN" },
        { CreditorAccount, $"<CdtrAcct><Id><IBAN>{Ben}</IBAN></Id><Ccy>USD</Ccy></CdtrAcct>", "AM03",
            "requires a conversion" },
        { CreditorAccount, "", "AC01", "creditor account has no IBAN" },
        { $"<IBAN>{Ben}", "<IBAN>FR14 2004 1010 0505 0001 3M02 606", "AC01", "is not an IBAN in its electronic form" },
        { CreditorAccount, CreditorAccount + "<Tax><Dt>tomorrow</Dt></Tax>", "DT01", "'tomorrow' is not a date" },
        { CreditorAccount, CreditorAccount + $"<RmtInf><Ustrd>{LongText}</Ustrd></RmtInf>", "FF02",
            "1 to 140 characters" },
    };

    /// <summary>
    /// In the first payment: without its amount the control sum does not come out, and the file is refused whole.
    /// </summary>
    public static TheoryData<string, string> Amounts => new()
    {
        { Amount, "CdtTrfTxInf has no Amt before CdtrAgt" },
        { "<Amt/>", "Amt has no InstdAmt or EqvtAmt" },
        { Money("1e0"), "'1e0' is not an amount" },
        { Money("+1"), "'+1' is not an amount" },
        { Money("-1"), "'-1' is not an amount" },
        { Money("1,00"), "'1,00' is not an amount" },
        { Money("0x1"), "'0x1' is not an amount" },
        { Money("1 0"), "'1 0' is not an amount" },
        { Money("INF"), "'INF' is not an amount" },
        { Money("١"), "'١' is not an amount" },
        { Money(""), "InstdAmt is empty" },
        { Money("1.000001"), "'1.000001' is not an amount" },
        { Money("1234567890123456789"), "is not an amount" },
        { Money("0000000000000000000000001"), "is not an amount" },
    };

    private static string LongText => new('x', 141);

    public async ValueTask DisposeAsync()
    {
        await _imports.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_that_is_wrong_outside_of_its_blocks_is_refused(string part, string replacement,
        string words)
    {
        var fault = await Should.ThrowAsync<TidelineException>(() => AcceptAsync(Changed(part, replacement)));
        fault.Code.ShouldBe(ErrorCode.InvalidInput);
        fault.Message.ShouldMatch("^Line [0-9]+: ");
        fault.Message.ShouldContain(words);
        _bank.Made.ShouldBeEmpty();
        Directory.EnumerateFiles(_directory, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public async Task A_block_that_is_wrong_is_refused_with_all_of_its_payments(string part, string replacement,
        string code, string words)
    {
        var status = await RunAsync(Changed(part, replacement));
        status.Results.Select(result => (result.Status, result.Reason!.Code))
            .ShouldBe([("RJCT", code), ("RJCT", code)]);
        status.Results[0].Reason!.Detail.ShouldContain(words);
        if (code == "FF02") status.Results[0].Reason!.Detail.ShouldMatch("^Line [0-9]+: ");
        _bank.Made.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Payments))]
    public async Task A_payment_that_is_wrong_is_refused_alone(string part, string replacement, string code,
        string words)
    {
        var status = await RunAsync(Changed(part, replacement));
        status.Results.Select(result => (result.Status, result.Reason?.Code))
            .ShouldBe([("RJCT", code), ("ACSC", null)]);
        status.Results[0].Reason!.Detail.ShouldContain(words);
        if (code == "FF02") status.Results[0].Reason!.Detail.ShouldMatch("^Line [0-9]+: ");
        _bank.Made.Single().Amount.Minor.ShouldBe(200);
    }

    [Theory]
    [MemberData(nameof(Amounts))]
    public async Task An_amount_that_cannot_be_read_refuses_the_file(string replacement, string words)
    {
        var accepted = await AcceptAsync(Changed(Amount, replacement == Amount ? "" : replacement));
        (accepted.GroupStatus, accepted.Reason!.Code).ShouldBe(("RJCT", "AM10"));
        accepted.Reason.Detail.ShouldMatch("Line 1[45]: ");
        accepted.Reason.Detail.ShouldContain(words);
        _bank.Made.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_control_sum_a_payment_without_an_amount_is_refused_alone()
    {
        var text = Changed(Amount, Money("1e0")).Replace("<CtrlSum>3</CtrlSum>", "", StringComparison.Ordinal);
        var status = await RunAsync(text);
        status.Results.Select(result => (result.Status, result.Reason?.Code, result.Amount))
            .ShouldBe([("RJCT", "AM12", null), ("ACSC", null, "2")]);
    }

    [Fact]
    public async Task A_transfer_with_advice_is_a_transfer()
    {
        var status = await RunAsync(Changed("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRA</PmtMtd>"));
        (status.GroupStatus, _bank.Made.Count).ShouldBe(("ACSC", 2));
    }

    [Fact]
    public async Task What_the_schema_allows_is_paid()
    {
        const string More = "<Purp><Cd>SALA</Cd></Purp><RmtInf><Ustrd>A</Ustrd><Ustrd>B</Ustrd></RmtInf>"
            + "<SplmtryData><Envlp><x:y xmlns:x=\"urn:x\" z=\"1\">text<x:w/></x:y></Envlp></SplmtryData>";
        var text = Changed(CreditorAccount, CreditorAccount + More)
            .Replace(">1</InstdAmt>", "> <!-- one -->1.0<![CDATA[0]]> </InstdAmt>", StringComparison.Ordinal)
            .Replace("<Document ", $"<Document xmlns:xsi=\"{Xsi}\" xsi:schemaLocation=\"urn:iso pain.xsd\" ",
                StringComparison.Ordinal)
            .Replace("2026-03-02</Dt>", "2026-03-02+01:00</Dt>", StringComparison.Ordinal);
        (await RunAsync(text)).GroupStatus.ShouldBe("ACSC");
        _bank.Made.Select(made => (made.Amount.Minor, made.Reference)).ShouldBe([(100, "A"), (200, "E2E")]);
    }

    private static string Money(string text) => $"<Amt><InstdAmt Ccy=\"EUR\">{text}</InstdAmt></Amt>";

    private static string Changed(string part, string replacement)
    {
        var text = new Pain001Sample(9, new(Anna, Ben, "1"), new(Anna, Carla, "2")).ToString().ReplaceLineEndings("\n");
        var at = text.IndexOf(part, StringComparison.Ordinal);
        at.ShouldBeGreaterThanOrEqualTo(0, $"the sample holds {part}");
        return text[..at] + replacement + text[(at + part.Length)..];
    }

    private async Task<ImportAcceptance> AcceptAsync(string text)
    {
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await _imports.AcceptAsync(file, Cancel);
    }

    private async Task<ImportStatus> RunAsync(string text)
    {
        var accepted = await AcceptAsync(text);
        accepted.Reason.ShouldBeNull();
        return await ImportStage.FinishedAsync(_imports, accepted.ImportId, _time, Cancel);
    }
}
