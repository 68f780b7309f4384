using System.Text;
using System.Xml.Linq;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Imports;
using Tideline.Tests.Services.Payments.Iso20022;
using static Tideline.Tests.Services.Payments.Iso20022.Pain001Sample;

namespace Tideline.Tests.Services.Payments.Imports;

public sealed class PaymentImportsTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _directory = Path.Combine(
        Path.GetTempPath(), "tideline-" + new IdGenerator(TimeProvider.System).Next());
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeBank _bank = new();
    private PaymentImports _imports;

    public PaymentImportsTests() => _imports = Start();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _imports.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_file_is_settled_payment_by_payment()
    {
        var accepted = await AcceptAsync(new Pain001Sample(
            9, new(Anna, Ben, "100.50", Text: "Rent"), new(Anna, Carla, "7", EndToEnd: "E-2"), new(Ben, Nobody, "1")));
        accepted.GroupStatus.ShouldBe("ACCP");
        var status = await FinishedAsync(accepted.ImportId);
        (status.GroupStatus, status.Settled, status.Rejected, status.Pending, status.ControlSum)
            .ShouldBe(("PART", 2, 1, 0, 108.50m));
        status.Results.Select(result => (result.Index, result.Status, result.Reason?.Code))
            .ShouldBe([(0, "ACSC", null), (1, "ACSC", null), (2, "RJCT", "AC01")]);
        _bank.Made.Select(made => (made.From, made.To, made.Amount.ToString(), made.Reference)).ShouldBe(
        [
            (_bank.Accounts[Anna], _bank.Accounts[Ben], "100.50 EUR", "Rent"),
            (_bank.Accounts[Anna], _bank.Accounts[Carla], "7.00 EUR", "E-2"),
        ]);
    }

    [Theory]
    [InlineData("count", "AM18")]
    [InlineData("sum", "AM10")]
    [InlineData("block count", "AM18")]
    [InlineData("block sum", "AM10")]
    public async Task A_file_that_contradicts_itself_is_refused_whole(string what, string code)
    {
        var good = new Pain001Sample(3, new(Anna, Ben, "1"), new(Anna, Carla, "2"));
        var sample = what switch
        {
            "count" => good with { Count = 3 },
            "sum" => good with { Sum = "3.01" },
            "block count" => good with { BlockCount = 1 },
            _ => good with { BlockSum = "2.99" },
        };
        var accepted = await AcceptAsync(sample);
        (accepted.GroupStatus, accepted.Reason?.Code).ShouldBe(("RJCT", code));
        await AcceptAndFinishAsync(good);
        _bank.Made.Count.ShouldBe(2, "the corrected file may use the message id, and only it was carried out");
        (await ReportAsync(accepted.ImportId)).Descendants()
            .First(element => element.Name.LocalName == "OrgnlGrpInfAndSts").Value.ShouldContain("RJCT" + code);
    }

    [Fact]
    public async Task The_same_file_again_is_the_same_import_and_moves_nothing()
    {
        var sample = new Pain001Sample(9, new Order(Anna, Ben, "1"));
        var first = await AcceptAndFinishAsync(sample);
        await RestartAsync();
        var again = await AcceptAsync(sample);
        (again.ImportId, again.Repeated, again.GroupStatus).ShouldBe((first.ImportId, true, "ACSC"));
        _bank.Made.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Copies_that_arrive_together_are_one_import()
    {
        var sample = new Pain001Sample(9, new Order(Anna, Ben, "1"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AcceptAsync(sample)));
        answers.Select(answer => answer.ImportId).Distinct().Count().ShouldBe(1);
        answers.Count(answer => !answer.Repeated).ShouldBe(1);
        await FinishedAsync(answers[0].ImportId);
        _bank.Made.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_process_that_ends_before_the_first_payment_pays_after_its_restart_once()
    {
        var stuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _bank.Decide = async (_, cancel) =>
        {
            stuck.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            throw new InvalidOperationException("It waits for ever.");
        };
        var sample = new Pain001Sample(9, new Order(Anna, Ben, "1"));
        var accepted = await AcceptAsync(sample);
        await stuck.Task.WaitAsync(Patience, Cancel);
        await _imports.DisposeAsync();
        _bank.Decide = null;
        _imports = Start();
        (await AcceptAsync(sample)).Repeated.ShouldBeTrue();
        (await FinishedAsync(accepted.ImportId)).GroupStatus.ShouldBe("ACSC");
        _bank.Made.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_file_that_does_not_arrive_is_given_up()
    {
        await using var slow = new SilentStream();
        var answer = _imports.AcceptAsync(slow, Cancel);
        await slow.Asked.WaitAsync(Patience, Cancel);
        _time.Advance(TimeSpan.FromMilliseconds(PaymentLimits.ImportUploadMs));
        (await Should.ThrowAsync<TidelineException>(answer)).Message.ShouldContain("did not arrive");
    }

    [Fact]
    public async Task What_a_stop_interrupts_goes_on_and_nothing_is_made_twice()
    {
        var stuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _bank.Decide = async (_, cancel) =>
        {
            if (_bank.Made.Count == 3)
            {
                stuck.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancel);
            }

            return _bank.Reply(TransferStatus.Settled);
        };
        var orders = Enumerable.Range(1, 6).Select(number => new Order(Anna, Ben, $"{number}")).ToArray();
        var accepted = await AcceptAsync(new Pain001Sample(9, orders));
        await stuck.Task.WaitAsync(Patience, Cancel);
        await _imports.DisposeAsync();
        _bank.Made.Count.ShouldBe(3);

        // A crash may leave half a line; and the third result may never have been written though its transfer was made.
        var results = Path.Combine(_directory, accepted.ImportId.ToString(), "results.jsonl");
        var lines = await File.ReadAllLinesAsync(results, Cancel);
        lines.Length.ShouldBe(3);
        await File.WriteAllTextAsync(results, $"{lines[0]}\n{lines[1]}\n{lines[2][..20]}", Cancel);
        _bank.Decide = null;
        _imports = Start();
        (await FinishedAsync(accepted.ImportId)).Settled.ShouldBe(6);
        _bank.Made.Select(made => made.Amount.Minor).ShouldBe([100, 200, 300, 400, 500, 600]);
    }

    [Fact]
    public async Task Payments_of_one_debtor_keep_their_order_while_debtors_run_side_by_side()
    {
        var benIsThrough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _bank.Decide = async (request, cancel) =>
        {
            if (request.From == _bank.Accounts[Ben]) benIsThrough.TrySetResult();
            else await benIsThrough.Task.WaitAsync(Patience, cancel);
            return _bank.Reply(TransferStatus.Settled);
        };
        var orders = Enumerable.Range(1, 50)
            .Select(number => new Order(Anna, Carla, $"{number}")).Append(new Order(Ben, Carla, "99")).ToArray();
        await AcceptAndFinishAsync(new Pain001Sample(9, orders));
        _bank.Made.Where(made => made.From == _bank.Accounts[Anna])
            .Select(made => made.Amount.Minor).ShouldBe(Enumerable.Range(1, 50).Select(number => number * 100L));
    }

    [Theory]
    [InlineData(RefusalReason.AccountClosed, "AC04")]
    [InlineData(RefusalReason.AccountFrozen, "AC06")]
    [InlineData(RefusalReason.InsufficientFunds, "AM04")]
    [InlineData(RefusalReason.CurrencyMismatch, "AM03")]
    [InlineData(RefusalReason.SameAccount, "NARR")]
    public async Task A_refusal_is_told_in_codes_of_the_standard(RefusalReason reason, string code)
    {
        _bank.Decide = (_, _) => Task.FromResult(_bank.Reply(TransferStatus.Refused, reason));
        var status = await AcceptAndFinishAsync(new Pain001Sample(9, new Order(Anna, Ben, "1")));
        (status.GroupStatus, status.Results[0].Reason!.Code, status.Results[0].Reason!.Detail)
            .ShouldBe(("RJCT", code, $"No: {reason}."));
    }

    [Theory]
    [InlineData("1.001", "EUR", "AM12")]
    [InlineData("0", "EUR", "AM12")]
    [InlineData("-1", "EUR", "AM12")]
    [InlineData("1", "QQQ", "AM03")]
    public async Task An_amount_that_cannot_be_paid_is_refused(string amount, string currency, string code)
    {
        var status = await AcceptAndFinishAsync(
            new Pain001Sample(9, new(Anna, Ben, amount, currency), new(Anna, Ben, "5")));
        status.Results.Select(result => result.Reason?.Code).ShouldBe([code, null]);
        _bank.Made.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_equivalent_amount_is_refused_by_itself()
    {
        const string Equivalent = "<Amt><EqvtAmt><Amt Ccy=\"EUR\">5</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt></Amt>";
        var status = await AcceptAndFinishAsync(
            new Pain001Sample(9, new(Anna, Ben, "5", AmountElement: Equivalent), new(Anna, Ben, "5")));
        status.Results.Select(result => result.Status).ShouldBe(["RJCT", "ACSC"]);
        status.Results[0].Reason!.Detail.ShouldContain("EqvtAmt");
    }

    [Theory]
    [InlineData("2026-03-03", "TRF", Anna, "DT01")]
    [InlineData("2026-03-02", "CHK", Anna, "NARR")]
    [InlineData("2026-03-02", "TRF", Nobody, "AC02")]
    [InlineData("2026-03-02", "TRF", "DE00", "AC02")]
    public async Task A_block_that_cannot_be_carried_out_is_refused(
        string date, string method, string debtor, string code)
    {
        var status = await AcceptAndFinishAsync(
            new Pain001Sample(11, new Order(debtor, Ben, "1")) { Date = date, Method = method });
        status.Results.Single().Reason!.Code.ShouldBe(code);
        _bank.Made.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_slow_transfer_is_pending_until_it_has_settled()
    {
        var reply = _bank.Reply(TransferStatus.Running);
        _bank.Decide = (request, _) =>
            Task.FromResult(request.Amount.Minor == 100 ? reply : _bank.Reply(TransferStatus.Settled));
        var accepted = await AcceptAsync(new Pain001Sample(9, new(Anna, Ben, "1"), new(Anna, Ben, "2")));
        var status = await UntilAsync(accepted.ImportId, status => status.Settled == 1 && status.GroupStatus == "PDNG");
        status.Results.Select(result => result.Status).ShouldBe(["PDNG", "ACSC"]);
        _bank.Later[reply.TransferId] = TransferStatus.Settled;
        (await FinishedAsync(accepted.ImportId)).GroupStatus.ShouldBe("ACSC");
    }

    [Fact]
    public async Task A_fault_is_asked_again_under_the_same_key()
    {
        var asked = new List<Guid>();
        _bank.Decide = (request, _) =>
        {
            asked.Add(request.Key);
            return asked.Count < 3 ? throw new TidelineException(ErrorCode.Overloaded, "Full.")
                : Task.FromResult(_bank.Reply(TransferStatus.Settled));
        };
        (await AcceptAndFinishAsync(new Pain001Sample(9, new Order(Anna, Ben, "1")))).Settled.ShouldBe(1);
        asked.Count.ShouldBe(3);
        asked.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task An_import_that_is_tried_again_for_ever_is_named_with_its_reason_until_it_goes_on()
    {
        _bank.Decide = (request, _) => request.To == _bank.Accounts[Carla]
            ? throw new TidelineException(ErrorCode.StorageUnavailable, "Shard 7 is away.")
            : Task.FromResult(_bank.Reply(TransferStatus.Settled));
        var accepted = await AcceptAsync(new Pain001Sample(9, new(Anna, Carla, "1"), new(Ben, Anna, "2")));
        await UntilAsync(accepted.ImportId, status => status.Settled == 1 && _imports.Fault is not null);
        var told = $"Import {accepted.ImportId} makes no progress and is retried, payment 0: Shard 7 is away.";
        _imports.Fault.ShouldBe(told);
        _bank.Decide = null;
        await FinishedAsync(accepted.ImportId);
        await ImportStage.EventuallyAsync(() => _imports.Fault is null, _time, Cancel);
    }

    [Fact]
    public async Task An_import_whose_file_is_gone_is_named()
    {
        _bank.Decide = (_, _) => throw new TidelineException(ErrorCode.StorageUnavailable, "Shard 7 is away.");
        var accepted = await AcceptAsync(new Pain001Sample(9, new Order(Anna, Ben, "1")));
        await _imports.DisposeAsync();
        var folder = Path.Combine(_directory, accepted.ImportId.ToString());
        var file = Directory.EnumerateFiles(folder, "*pain001*").Single();
        var kept = await File.ReadAllBytesAsync(file, Cancel);
        File.Delete(file);
        _bank.Decide = null;
        _imports = Start();
        await ImportStage.EventuallyAsync(() => _imports.Fault is not null, _time, Cancel);
        _imports.Fault.ShouldNotBeNull()
            .ShouldStartWith($"Import {accepted.ImportId} makes no progress and is retried, all of it: ");
        await File.WriteAllBytesAsync(file, kept, Cancel);
        await FinishedAsync(accepted.ImportId);
        await ImportStage.EventuallyAsync(() => _imports.Fault is null, _time, Cancel);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_leaves_nothing_behind()
    {
        using var broken = new MemoryStream(Encoding.UTF8.GetBytes("<Document/>"));
        (await Should.ThrowAsync<TidelineException>(_imports.AcceptAsync(broken, Cancel)))
            .Code.ShouldBe(ErrorCode.InvalidInput);
        await using var huge = new EndlessSpaces();
        (await Should.ThrowAsync<TidelineException>(_imports.AcceptAsync(huge, Cancel)))
            .Message.ShouldContain("larger than 64 MiB");
        Directory.EnumerateFiles(_directory, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(3, "pain.002.001.03")]
    [InlineData(9, "pain.002.001.10")]
    [InlineData(10, "pain.002.001.11")]
    [InlineData(12, "pain.002.001.14")]
    public async Task The_report_tells_every_payment(int version, string name)
    {
        var status = await AcceptAndFinishAsync(
            new Pain001Sample(version, new(Anna, Ben, "1"), new(Anna, Nobody, "2"), new(Ben, Anna, "3")));
        var report = await ReportAsync(status.ImportId);
        XNamespace space = "urn:iso:std:iso:20022:tech:xsd:" + name;
        var root = report.Root!.Element(space + "CstmrPmtStsRpt")!;
        root.Element(space + "OrgnlGrpInfAndSts")!.Element(space + "GrpSts")!.Value.ShouldBe("PART");
        root.Elements(space + "OrgnlPmtInfAndSts")
            .Select(block => block.Element(space + "PmtInfSts")!.Value).ShouldBe(["PART", "ACSC"]);
        root.Descendants(space + "TxSts").Select(element => element.Value).ShouldBe(["ACSC", "RJCT", "ACSC"]);
        root.Descendants(space + "OrgnlUETR").Count().ShouldBe(version >= 9 ? 3 : 0);
        root.Descendants(space + "AddtlInf").ShouldAllBe(element => element.Value.Length <= 105);
    }

    [Fact]
    public async Task Results_come_in_pages_and_unknown_imports_are_unknown()
    {
        var orders = Enumerable.Range(1, 5).Select(number => new Order(Anna, Ben, $"{number}")).ToArray();
        var status = await AcceptAndFinishAsync(new Pain001Sample(9, orders));
        var page = (await _imports.GetAsync(status.ImportId, 2, 2, Cancel))!;
        page.Results.Select(result => result.Index).ShouldBe([2, 3]);
        page.Next.ShouldBe(4);
        (await _imports.GetAsync(status.ImportId, 4, 2, Cancel))!.Next.ShouldBeNull();
        (await _imports.GetAsync(new Guid("00000000-0000-0000-0000-000000000001"), 0, 1, Cancel)).ShouldBeNull();
    }

    private PaymentImports Start() => PaymentImports.Start(_directory, _bank.Seam, _time, NullLogger.Instance);

    private async Task RestartAsync()
    {
        await _imports.DisposeAsync();
        _imports = Start();
    }

    private async Task<ImportStatus> AcceptAndFinishAsync(Pain001Sample sample) =>
        await FinishedAsync((await AcceptAsync(sample)).ImportId);

    private Task<ImportAcceptance> AcceptAsync(Pain001Sample sample) =>
        ImportStage.AcceptAsync(_imports, sample, Cancel);

    private Task<ImportStatus> FinishedAsync(Guid importId) =>
        ImportStage.FinishedAsync(_imports, importId, _time, Cancel);

    private Task<ImportStatus> UntilAsync(Guid importId, Predicate<ImportStatus> reached) =>
        ImportStage.UntilAsync(_imports, importId, reached, _time, Cancel);

    private async Task<XDocument> ReportAsync(Guid importId)
    {
        using var report = new ResponseStream();
        (await _imports.WriteStatusReportAsync(importId, report, Cancel)).ShouldBeTrue();
        report.Position = 0;
        return XDocument.Load(report);
    }
}
