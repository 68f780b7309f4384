using System.Text;
using Tideline.Kernel;
using Tideline.Services.Payments.Iso20022;

namespace Tideline.Tests.Services.Payments.Iso20022;

/// <summary>Whatever a file is, it is answered, and it costs no more memory than a named limit.</summary>
public sealed class XmlLimitTests
{
    private const string Start =
        $"<Document xmlns=\"{IsoSchemas.Pain001Namespace}\"><CstmrCdtTrfInitn><GrpHdr><MsgId>M</MsgId>"
        + "<CreDtTm>2026-03-01T09:30:00</CreDtTm><NbOfTxs>1</NbOfTxs><InitgPty/></GrpHdr>";

    private const string Payment = "<PmtInf><CdtTrfTxInf><SplmtryData><Envlp>";

    public static TheoryData<string, string, int, string> Files => new()
    {
        { "an 80 KB file of nested identifications", $"{Start}<PmtInf><Dbtr>" + Repeated("<Id><OrgId><Othr>", 4_700),
            80, "elements within each other" },
        { "16 MB of open tags", Start + Repeated("<PmtInf>", 2_000_000), 0, "elements within each other" },
        { "16 MB of open tags in an envelope", Start + Payment + Repeated("<a>", 5_000_000), 0,
            "elements within each other" },
        { "16 MB of open tags before the root is known", Repeated("<a>", 5_000_000), 0, "is not a Document" },
        { "a tag with a million attributes", $"{Start}<PmtInf "
            + string.Concat(Enumerable.Range(0, 1_000_000).Select(number => $"a{number}=\"\" ")) + ">", 0,
                "a tag, text or comment has more" },
        { "a tag with 33 attributes", $"{Start}<PmtInf "
            + string.Concat(Enumerable.Range(0, 33).Select(number => $"a{number}=\"\" ")) + "/>", 0,
                "more than 32 attributes" },
        { "a namespace a tag", Start + Payment
            + string.Concat(Enumerable.Range(0, 400_000).Select(number => $"<a xmlns:n{number}=\"u{number}\">")), 0,
                "elements within each other" },
        { "a text of 16 MB", $"{Start}<PmtInf><PmtInfId>" + Repeated("xxxxxxxxxxxxxxxx", 1_000_000), 0,
            "a tag, text or comment has more" },
        { "a comment of 16 MB", $"{Start}<!--" + Repeated("xxxxxxxxxxxxxxxx", 1_000_000), 0,
            "a tag, text or comment has more" },
        { "an attribute of 16 MB", $"{Start}<PmtInf a=\"" + Repeated("xxxxxxxxxxxxxxxx", 1_000_000), 0,
            "a tag, text or comment has more" },
        { "a text in a million pieces", $"{Start}<PmtInf><PmtInfId>" + Repeated("xxxxxxxx<!---->", 1_000_000), 0,
            "well-formed" },
        { "a million unknown elements", $"{Start}" + Payment + Repeated("<a/>", 4_000_000), 0, "well-formed" },
    };

    private static string Repeated(string part, int times) => new StringBuilder(part.Length * times)
        .Insert(0, part, times).ToString();

    [Theory]
    [MemberData(nameof(Files), DisableDiscoveryEnumeration = true)]
    public void A_file_that_would_take_the_memory_is_answered(string what, string text, int kilobytes, string words)
    {
        if (kilobytes > 0) text.Length.ShouldBeInRange(kilobytes * 900, kilobytes * 1_024);
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(text));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var fault = Should.Throw<TidelineException>(() => Pain001Reader.Read(file, default), what);
        // All that was ever allocated: what is held at one time is less.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64L * 1024 * 1024, what);
        fault.Code.ShouldBe(ErrorCode.InvalidInput);
        fault.Message.ShouldMatch("^Line [0-9]+: ");
        fault.Message.ShouldContain(words);
    }

    [Fact]
    public void A_reading_can_be_given_up()
    {
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(Start));
        Should.Throw<OperationCanceledException>(() => Pain001Reader.Read(file, new CancellationToken(canceled: true)));
    }
}
