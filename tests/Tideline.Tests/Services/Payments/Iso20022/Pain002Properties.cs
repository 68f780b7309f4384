using System.Xml.Linq;
using CsCheck;
using Tideline.Services.Payments.Imports;
using Tideline.Services.Payments.Iso20022;

namespace Tideline.Tests.Services.Payments.Iso20022;

/// <summary>The status report is valid against its schema, whatever the status holds.</summary>
public sealed class Pain002Properties
{
    private static readonly Pain001Format[] Formats = [.. Pain001Format.Known];

    private static readonly string[] Odd =
    [
        "", " ", "\n", "\0", "\uD83D", "\uDE00", "x😀", "]]>", "<&>", string.Concat(Enumerable.Repeat("😀", 40)),
            new('x', 36), "1", "EUR", "EURO", "-1",
        "1e3", "2026-03-01T09:30:00.123+01:00", "eb6305c9-1f7f-49de-aed0-16487c27b42d",
            "EB6305C9-1F7F-49DE-AED0-16487C27B42D",
    ];

    private static readonly string[] Ends = [PaymentStatus.Settled, PaymentStatus.Rejected, PaymentStatus.Pending];

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Char.Array[0, 60].Select(characters => new string(characters)),
        Gen.Int[0, 0xFFFF].Array[0, 300].Select(characters => new string([.. characters.Select(value => (char)value)])),
        Gen.Int[0, Odd.Length - 1].Select(index => Odd[index]));

    private static readonly Gen<string?> Maybe =
        Gen.OneOf(Text.Select(text => (string?)text), Gen.Const((string?)null));

    private static readonly Gen<string> Status = Gen.Int[0, Ends.Length - 1].Select(index => Ends[index]);

    private static readonly Gen<PaymentResult> Results =
        Gen.Select(Text, Maybe, Text, Maybe, Maybe, Maybe, Status).Select(
        (block, instruction, endToEnd, uetr, amount, currency, status) => new PaymentResult(
            0, status, block, instruction, endToEnd, uetr, amount, currency, status == PaymentStatus.Rejected ? null
                : new Guid("00000000-0000-7000-8000-000000000001"),
            status == PaymentStatus.Rejected ? new StatusReason(StatusReasonCodes.SyntaxError, endToEnd + block)
                : null));

    private static readonly Gen<ImportStatus> Statuses = Gen.Select(
        Gen.Int[0, Formats.Length - 1], Text, Text, Gen.Decimal, Maybe, Results.Array[0, 8]).Select(
        (format, messageId, createdAt, sum, reason, results) => new ImportStatus(
            new Guid("00000000-0000-8000-8000-000000000002"), Formats[format].Name, messageId, createdAt, "",
                DateTimeOffset.UnixEpoch,
            results.Length % 2 == 0 ? PaymentStatus.Partial : PaymentStatus.Accepted, reason is null ? null
                : new StatusReason(StatusReasonCodes.DuplicateMessageId, reason),
            results.Length, 0, 0, results.Length, sum, results, null));

    [Fact]
    public Task A_report_of_anything_is_valid() => Statuses.SampleAsync(
        async status =>
        {
            using var output = new MemoryStream();
            await Pain002Writer.WriteAsync(status, DateTimeOffset.UnixEpoch, output, default);
            output.Position = 0;
            var report = XDocument.Load(output);
            var version = Pain001Format.Named(status.MessageName).ReportVersion;
            report.Root!.Name.NamespaceName.ShouldEndWith($"pain.002.001.{version:00}");
            IsoSchemas.Fault(report, IsoSchemas.Of002(version)).ShouldBeNull(report.ToString());
            report.Descendants().Count(element => element.Name.LocalName == "TxInfAndSts")
                .ShouldBe(status.Results.Count);
        },
        iter: 2_000);

    [Fact]
    public async Task What_is_valid_is_told_as_it_was_written()
    {
        var result = new PaymentResult(0, PaymentStatus.Settled, "B", "I", "E", "eb6305c9-1f7f-49de-aed0-16487c27b42d",
            "1.50", "EUR", null, null);
        var status = new ImportStatus(
            Guid.Empty, "pain.001.001.09", "M", "2026-03-01T09:30:00", "", DateTimeOffset.UnixEpoch,
                PaymentStatus.Settled, null, 1, 1, 0, 0, 1.50m, [result], null);
        using var output = new MemoryStream();
        await Pain002Writer.WriteAsync(status, DateTimeOffset.UnixEpoch, output, default);
        output.Position = 0;
        var texts = XDocument.Load(output).Descendants().Where(element => !element.HasElements)
            .Select(element => $"{element.Name.LocalName}={element.Value}").ToList();
        foreach (var text in (string[])["OrgnlMsgId=M", "OrgnlCreDtTm=2026-03-01T09:30:00", "OrgnlCtrlSum=1.50",
            "OrgnlPmtInfId=B", "OrgnlInstrId=I", "OrgnlEndToEndId=E", "InstdAmt=1.50"])
            texts.ShouldContain(text);
    }
}
