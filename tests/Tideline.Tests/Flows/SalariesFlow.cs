using System.Text;
using System.Xml.Linq;
using Tideline.Host.Demo;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Imports;
using Tideline.Services.Payments.Statements;
using Tideline.Tests.Services.Payments.Imports;
using Tideline.Tests.Tidy;
using Tideline.Tools.Load;

namespace Tideline.Tests.Flows;

/// <summary>The documentation's salaries file, whole: pain.001 in, money moved, pain.002 and camt.053 out.</summary>
public abstract class SalariesFlow : IAsyncLifetime
{
    private static readonly string Example = File.ReadAllText(
        Path.Combine(SourceTree.Root, "docs/examples/salaries-pain001.xml"));
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private Installation _installation = null!;
    private TidelineNode _node = null!;

    private protected abstract Installation Install();

    public async ValueTask InitializeAsync()
    {
        _installation = Install();
        _node = await TidelineNode.StartAsync(_installation.Node, default);
        await DemoCustomers.LoadAsync(_node, default);
    }

    public async ValueTask DisposeAsync()
    {
        if (_installation is not null) await FlowStage.EndAsync(_node, _installation);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(3, "pain.002.001.03")]
    [InlineData(9, "pain.002.001.10")]
    [InlineData(12, "pain.002.001.14")]
    public async Task The_example_pays_five_salaries_and_reports_the_one_that_nobody_gets(int version, string report)
    {
        var before = await PostedAsync(DemoCustomers.EmployersAccount);
        var accepted = await _node.Services.Of<PaymentsService>().Imports.AcceptAsync(Stream(InVersion(version)),
            default);
        accepted.Repeated.ShouldBeFalse();
        var status = await FinishedAsync(accepted.ImportId);
        (status.GroupStatus, status.Settled, status.Rejected, status.Pending).ShouldBe(("PART", 5, 1, 0));
        (await PostedAsync(DemoCustomers.EmployersAccount)).ShouldBe(before - 1_465_850);
        (await PostedAsync(DemoCustomers.AdasAccount)).ShouldBe(320_000 + 312_050);

        var again = await _node.Services.Of<PaymentsService>().Imports.AcceptAsync(Stream(InVersion(version)), default);
        (again.ImportId, again.Repeated, again.GroupStatus).ShouldBe((accepted.ImportId, true, "PART"));
        (await PostedAsync(DemoCustomers.EmployersAccount)).ShouldBe(before - 1_465_850);

        var pain002 = await ReportAsync(accepted.ImportId);
        pain002.Name.NamespaceName.ShouldEndWith(report);
        Texts(pain002, "OrgnlMsgId").ShouldBe(["NORDLICHT-SALARIES-2026-01"]);
        Texts(pain002, "GrpSts").ShouldBe(["PART"]);
        Texts(pain002, "TxSts").ShouldBe(["ACSC", "ACSC", "ACSC", "ACSC", "ACSC", "RJCT"]);
        Texts(pain002, "OrgnlEndToEndId")[^1].ShouldBe("SALARY-2026-01-0006");
        Texts(pain002, "Cd").ShouldBe(["AC01"]);
        string.Concat(Texts(pain002, "AddtlInf")).ShouldContain("NL91ABNA0417164300");

        var camt053 = await StatementAsync(DemoCustomers.AdasAccount);
        // The account, and the parties of the payment that names them.
        Texts(camt053, "IBAN").ShouldBe(
            ["SE4550000000058398257466", "DE89370400440532013000", "SE4550000000058398257466"]);
        camt053.Descendants().Where(element => element.Name.LocalName == "Bal")
            .Select(balance => Texts(balance, "Amt").Single()).ShouldBe(["0.00", "6320.50"]);
        Texts(camt053, "Ustrd").ShouldBe(["Salary", "Salary January 2026"]);
        Texts(camt053, "AcctSvcrRef").ShouldContain(Texts(pain002, "AcctSvcrRef")[0]);
    }

    [Theory]
    [InlineData("<NbOfTxs>6</NbOfTxs>", "<NbOfTxs>7</NbOfTxs>", "AM18", "says NbOfTxs 7; there are 6.")]
    [InlineData("<CtrlSum>17348.50</CtrlSum>",
        "<CtrlSum>17348.51</CtrlSum>", "AM10", "says CtrlSum 17348.51; the amounts add up to 17348.50.")]
    public async Task A_file_that_contradicts_itself_moves_nothing_and_its_report_says_why(
        string part, string wrong, string code, string words)
    {
        var before = await PostedAsync(DemoCustomers.EmployersAccount);
        var accepted = await _node.Services.Of<PaymentsService>().Imports.AcceptAsync(
            Stream(Example.Replace(part, wrong, StringComparison.Ordinal)), default);
        (accepted.GroupStatus, accepted.Reason!.Code).ShouldBe(("RJCT", code));
        var pain002 = await ReportAsync(accepted.ImportId);
        Texts(pain002, "GrpSts").ShouldBe(["RJCT"]);
        Texts(pain002, "Cd").ShouldBe([code]);
        string.Concat(Texts(pain002, "AddtlInf")).ShouldEndWith(words);
        (await PostedAsync(DemoCustomers.EmployersAccount)).ShouldBe(before);
    }

    [Fact]
    public async Task Entities_foreign_messages_and_endless_files_are_refused_with_a_sentence()
    {
        var body = Example[Example.IndexOf("<Document", StringComparison.Ordinal)..];
        (await RefusedAsync(Stream("<!DOCTYPE Document [<!ENTITY pay \"SYSTEM\">]>" + body)))
            .ShouldContain("document type");
        (await RefusedAsync(Stream("<!DOCTYPE Document SYSTEM \"file:///etc/passwd\">" + body)))
            .ShouldContain("document type");
        (await RefusedAsync(Stream(Example.Replace("pain.001.001.09", "pain.001.001.13", StringComparison.Ordinal))))
            .ShouldContain("001.03");
        (await RefusedAsync(Stream(Example.Replace("pain.001.001.09", "pain.008.001.09", StringComparison.Ordinal))))
            .ShouldContain("pain.001");
        (await RefusedAsync(Stream(Example[..^40]))).ShouldContain("line");
        (await RefusedAsync(new EndlessSpaces())).ShouldContain("larger than 64 MiB");
    }

    private static MemoryStream Stream(string xml) => new(Encoding.UTF8.GetBytes(xml));

    // Between .03 and .12 the date got an element of its own and the bank's code another name.
    private static string InVersion(int version)
    {
        var xml = Example.Replace("pain.001.001.09", $"pain.001.001.{version:00}", StringComparison.Ordinal);
        if (version >= 8) return xml;
        xml = xml.Replace("<Dt>", "", StringComparison.Ordinal).Replace("</Dt>", "", StringComparison.Ordinal);
        return version >= 4 ? xml : xml.Replace("BICFI>", "BIC>", StringComparison.Ordinal);
    }

    private static List<string> Texts(XElement xml, string name) =>
        [.. xml.Descendants().Where(element => element.Name.LocalName == name).Select(element => element.Value)];

    private async Task<string> RefusedAsync(Stream xml)
    {
        await using var file = xml;
        var fault = await Should.ThrowAsync<TidelineException>(
            async () => await _node.Services.Of<PaymentsService>().Imports.AcceptAsync(file, default));
        fault.Code.ShouldBe(ErrorCode.InvalidInput);
        return fault.Message;
    }

    private async Task<ImportStatus> FinishedAsync(Guid import)
    {
        using var late = new CancellationTokenSource(Limit);
        while (true)
        {
            var status = (await _node.Services.Of<PaymentsService>().Imports.GetAsync(import, 0, 100, late.Token))!;
            if (status.Pending == 0) return status;
            await Task.Delay(20, late.Token);
        }
    }

    private async Task<long> PostedAsync(Guid account) =>
        (await _node.Ledger.ReaderOf(account).GetAccountAsync(account, default))!.PostedMinor;

    private async Task<XElement> ReportAsync(Guid import)
    {
        using var output = new MemoryStream();
        (await _node.Services.Of<PaymentsService>().Imports.WriteStatusReportAsync(import, output,
            default)).ShouldBeTrue();
        return XElement.Parse(Encoding.UTF8.GetString(output.ToArray()).TrimStart('\uFEFF'));
    }

    private async Task<XElement> StatementAsync(Guid account)
    {
        var statements = new AccountStatements(_node.Ledger);
        var statement = await statements.GetAsync(
            account, DateTimeOffset.UnixEpoch, TimeProvider.System.GetUtcNow(), default);
        using var output = new MemoryStream();
        await Camt053Writer.WriteAsync(statement!, statements.GetEntriesAsync(statement!, default), output, default);
        return XElement.Parse(Encoding.UTF8.GetString(output.ToArray()).TrimStart('\uFEFF'));
    }
}
