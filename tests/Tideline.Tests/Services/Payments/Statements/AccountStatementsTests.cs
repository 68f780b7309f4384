using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Services.Accounts;
using Tideline.Services.Payments.Imports;
using Tideline.Services.Payments.Statements;
using Tideline.Tests.Ledger;
using Tideline.Tests.Services.Payments.Iso20022;

namespace Tideline.Tests.Services.Payments.Statements;

public sealed class AccountStatementsTests : IAsyncLifetime
{
    private static readonly XNamespace Camt = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));
    private Bank _bank = null!;
    private Guid _anna, _ben;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => _time.GetUtcNow();

    private AccountStatements Statements => new(_bank.Ledger);

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(shards: 1, time: _time);
        _anna = await OpenAsync(Pain001Sample.Anna);
        _ben = await OpenAsync(Pain001Sample.Ben);
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task A_credit_transfer_file_becomes_entries_of_the_statement()
    {
        await _bank.DepositAsync(_anna, 10_000);
        _time.Advance(TimeSpan.FromHours(1));
        var from = Now;
        var folder = Path.Combine(Path.GetTempPath(), $"tideline-{_bank.Ledger.Ids.Next():N}");
        await using (var imports = PaymentImports.Start(
            folder, ImportPorts.Of(_bank.Ledger, _bank.Payments), TimeProvider.System, NullLogger.Instance))
        {
            await using var file = new Pain001Sample(9, new(Pain001Sample.Anna, Pain001Sample.Ben, "30.25",
                Text: "Rent \u00e9\u20ac &amp; more"), new(Pain001Sample.Anna, Pain001Sample.Ben, "1000")).ToStream();
            var accepted = await imports.AcceptAsync(file, Cancel);
            ImportStatus status;
            do
            {
                await Task.Delay(5, Cancel);
                status = (await imports.GetAsync(accepted.ImportId, 0, 10, Cancel))!;
            }
            while (status.Pending > 0);
            status.Results.Select(result => result.Status + result.Reason?.Code).ShouldBe(["ACSC", "RJCTAM04"]);
        }

        Directory.Delete(folder, recursive: true);
        _time.Advance(TimeSpan.FromHours(1));
        var statement = (await Camt053Async(_anna, from, Now)).Descendants(Camt + "Stmt").Single();
        statement.Element(Camt + "Acct")!.Descendants(Camt + "IBAN").Single().Value.ShouldBe(Pain001Sample.Anna);
        Balances(statement).ShouldBe([("OPBD", 100.00m), ("CLBD", 69.75m)]);
        var entry = statement.Elements(Camt + "Ntry").Single();
        (entry.Element(Camt + "Amt")!.Value, entry.Element(Camt + "CdtDbtInd")!.Value,
            entry.Descendants(Camt + "Ustrd").Single().Value).ShouldBe(("30.25", "DBIT", "Rent \u00e9\u20ac & more"));
        entry.Descendants(Camt + "SubFmlyCd").Single().Value.ShouldBe("BOOK");
        entry.Descendants(Camt + "Nm").Select(name => name.Value).ShouldBe(["Anna & Co", "Ben"]);
        entry.Descendants(Camt + "IBAN").Select(iban => iban.Value)
            .ShouldBe([Pain001Sample.Anna, Pain001Sample.Ben]);
        entry.Descendants(Camt + "EndToEndId").Single().Value.ShouldNotBe("NOTPROVIDED");
    }

    [Fact]
    public async Task Entries_of_many_pages_come_oldest_first_and_add_up()
    {
        await _bank.DepositAsync(_anna, 100_000);
        _time.Advance(TimeSpan.FromSeconds(1));
        var from = Now;
        var count = 2 * Limits.PageRows + 7;
        await Task.WhenAll(Enumerable.Range(1, count).Select(number => number % 3 == 0
            ? _bank.DepositAsync(_anna, number)
            : _bank.Ledger.ExecuteAsync(
                new Withdraw(_bank.Ledger.Ids.Next(), _anna, new Money(number, Bank.Eur), null), Cancel)));
        _time.Advance(TimeSpan.FromSeconds(1));
        var to = Now;
        await _bank.DepositAsync(_anna, 5);
        _time.Advance(TimeSpan.FromSeconds(1));
        var statement = (await Camt053Async(_anna, from, to)).Descendants(Camt + "Stmt").Single();
        statement.Descendants(Camt + "NbOfNtries")
            .Single().Value.ShouldBe(count.ToString(CultureInfo.InvariantCulture));
        var entries = statement.Elements(Camt + "Ntry").ToList();
        entries.Select(entry => (int)entry.Element(Camt + "NtryRef")!).ShouldBe(Enumerable.Range(2, count));
        var balances = Balances(statement);
        (balances[0].Amount + entries.Sum(Signed)).ShouldBe(balances[1].Amount);
        balances[0].Amount.ShouldBe(1_000m);
    }

    [Fact]
    public async Task The_json_says_the_same()
    {
        await _bank.DepositAsync(_anna, 10_000);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _bank.Payments.TransferAsync(_bank.Transfer(_anna, _ben, 250), Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));
        var statement = (await Statements.GetAsync(_anna, Now.AddDays(-1), Now.AddDays(1), Cancel))!;
        statement.To.ShouldBe(Now, "money that is not booked yet is in no statement");
        using var output = new ResponseStream();
        await StatementJsonWriter.WriteAsync(statement, Statements.GetEntriesAsync(statement, Cancel), output, Cancel);
        using var json = JsonDocument.Parse(output.ToArray());
        json.RootElement.GetProperty("openingBalance").GetString().ShouldBe("0.00");
        json.RootElement.GetProperty("closingBalance").GetString().ShouldBe("97.50");
        var entries = json.RootElement.GetProperty("entries").EnumerateArray().ToList();
        entries.Select(entry => (entry.GetProperty("kind").GetString(), entry.GetProperty("amount").GetString()))
            .ShouldBe([("deposit", "100.00"), ("transfer", "-2.50")]);
        entries[1].GetProperty("counterpartyId").GetGuid().ShouldBe(_ben);
    }

    [Fact]
    public async Task A_reference_that_xml_does_not_allow_is_made_printable()
    {
        await _bank.DepositAsync(_anna, 10_000);
        await _bank.Payments.TransferAsync(_bank.Transfer(_anna, _ben, 250) with { Reference = "a\u0001b😀" }, Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await Camt053Async(_anna, Now.AddDays(-1), Now))
            .Descendants(Camt + "Ustrd").Single().Value.ShouldBe("a\uFFFDb😀");
    }

    [Fact]
    public async Task An_empty_or_future_period_is_refused_and_a_stranger_is_unknown()
    {
        (await Should.ThrowAsync<TidelineException>(Statements.GetAsync(_anna, Now, Now, Cancel)))
            .Code.ShouldBe(ErrorCode.InvalidInput);
        (await Should.ThrowAsync<TidelineException>(Statements.GetAsync(_anna, Now.AddDays(1), Now.AddDays(2), Cancel)))
            .Code.ShouldBe(ErrorCode.InvalidInput);
        (await Statements.GetAsync(new Guid("00000000-0000-0000-0000-000000000001"), Now.AddDays(-1), Now, Cancel))
            .ShouldBeNull();
    }

    private async Task<Guid> OpenAsync(string iban)
    {
        var reply = await _bank.Ledger.ExecuteAsync(
            new OpenAccount(_bank.Ledger.Ids.Next(), await _bank.CustomerAsync(), Bank.Eur, 0, iban), Cancel);
        reply.Refusal.ShouldBeNull();
        return reply.Subject;
    }

    private async Task<XDocument> Camt053Async(Guid account, DateTimeOffset from, DateTimeOffset to)
    {
        var statement = (await Statements.GetAsync(account, from, to, Cancel))!;
        using var output = new ResponseStream();
        await Camt053Writer.WriteAsync(statement, Statements.GetEntriesAsync(statement, Cancel), output, Cancel);
        output.Position = 0;
        return XDocument.Load(output);
    }

    private static List<(string Code, decimal Amount)> Balances(XElement statement) =>
        [.. statement.Elements(Camt + "Bal").Select(balance => (balance.Element(Camt + "Tp")!.Value, Signed(balance)))];

    private static decimal Signed(XElement element) =>
        decimal.Parse(element.Element(Camt + "Amt")!.Value,
            CultureInfo.InvariantCulture) * (element.Element(Camt + "CdtDbtInd")!.Value == "DBIT" ? -1 : 1);
}
