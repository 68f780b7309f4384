using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;
using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts.Views;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Statements;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Services.Payments;

public sealed class PaymentPartiesTests
{
    private static readonly PaymentParties s_parties = new()
    {
        Debtor = new PaymentParty("Zoë + Søn <A/S>", "DK5000400440116243"),
        Creditor = new PaymentParty("日本 Ltd", "GB82WEST12345698765432"),
        EndToEndId = "E2E-7",
        StructuredReference = "RF18539007547034",
        Remittance = ["Invoice 7", "and \"8\""],
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task They_reach_rows_events_and_documents_of_both_sides_as_the_same_bytes(int shardOfCreditor)
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to, parts, id) = await PayAsync(bank, shardOfCreditor);
        foreach (var account in (Guid[])[from, to])
        {
            var reader = bank.Ledger.ReaderOf(account);
            (await reader.GetTransactionAsync(id, default))!.Details!.Personal.ShouldBe(parts);
            var happened = (await reader.GetEventsAsync(0, 1_000, default))
                .Last(each => each.Subject == account && each.Type is EventType.AccountDebited
                    or EventType.AccountCredited && each.Subject == account);
            var data = EventData.Parse(happened.Data.Span);
            data.Personal.ShouldBe(parts);
            (await new RowAudit(reader).FindFaultAsync(happened, default)).ShouldBeNull();
            var document = JsonSerializer.SerializeToUtf8Bytes(
                CustomerFold.Transaction(happened, data)!, ViewJson.Default.TransactionDocument);
            ViewJson.Transaction(document).Personal.ShouldBe(parts);
            foreach (var part in parts)
            {
                Encoding.UTF8.GetString(happened.Data.Span).ShouldContain(Convert.ToBase64String(part.Data));
                Encoding.UTF8.GetString(document).ShouldContain(Convert.ToBase64String(part.Data));
            }
        }

        var details = (await bank.Payments.GetTransferAsync(id, default)).ShouldNotBeNull();
        Json(PaymentParties.Read(details.Details!.Personal)!).ShouldBe(Json(s_parties));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Statements_name_the_parties_and_the_other_account_within_a_shard_and_across(int shardOfCreditor)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));
        await using var bank = await Bank.OpenAsync(time: time);
        var (from, to, _, _) = await PayAsync(bank, shardOfCreditor);
        time.Advance(TimeSpan.FromHours(1));
        await CheckAsync(from, to);
        await CheckAsync(to, from);

        async Task CheckAsync(Guid account, Guid other)
        {
            var statements = new AccountStatements(bank.Ledger);
            var statement = (await statements.GetAsync(account, time.GetUtcNow().AddDays(-1), null, default))!;
            using var json = new MemoryStream();
            await StatementJsonWriter.WriteAsync(
                statement, statements.GetEntriesAsync(statement, default), json, default);
            using var read = JsonDocument.Parse(json.ToArray());
            var entry = read.RootElement.GetProperty("entries").EnumerateArray().Last();
            entry.GetProperty("counterpartyId").GetGuid().ShouldBe(other);
            entry.GetProperty("creditor").GetProperty("name").GetString().ShouldBe("日本 Ltd");
            entry.GetProperty("valueDate").GetString().ShouldBe("2026-03-04");

            using var xml = new MemoryStream();
            await Camt053Writer.WriteAsync(statement, statements.GetEntriesAsync(statement, default), xml, default);
            var last = XDocument.Parse(Encoding.UTF8.GetString(xml.ToArray())).Descendants()
                .Last(element => element.Name.LocalName == "Ntry");
            string One(string name) => last.Descendants().First(element => element.Name.LocalName == name).Value;
            (One("ValDt"), One("EndToEndId"), One("Dbtr"), One("DbtrAcct"), One("Cdtr"), One("CdtrAcct"), One("Strd"))
                .ShouldBe(("2026-03-04", "E2E-7", "Zoë + Søn <A/S>", "DK5000400440116243", "日本 Ltd",
                    "GB82WEST12345698765432", "RF18539007547034"));
            last.Descendants().Where(element => element.Name.LocalName == "Ustrd").Select(line => line.Value)
                .ShouldBe(["Invoice 7", "and \"8\""]);
        }
    }

    [Fact]
    public void Who_pays_to_himself_has_one_part_and_strangers_have_derived_ones()
    {
        var self = new Guid("01890a5d-ac96-774b-bcce-b302099a8057");
        s_parties.ToParts(self, self).Single().Subject.ShouldBe(self);
        var parts = s_parties.ToParts(null, self);
        (DerivedId.IsDerived(parts[0].Subject), parts[1].Subject).ShouldBe((true, self));
        Encoding.UTF8.GetString(parts[1].Data).ShouldNotContain("Zoë");
        Encoding.UTF8.GetString(parts[0].Data).ShouldNotContain("日本");
        Json(PaymentParties.Read(parts)!).ShouldBe(Json(s_parties));
    }

    [Fact]
    public void A_part_that_cannot_be_read_any_more_tells_nothing_and_the_others_still_do()
    {
        var parts = s_parties.ToParts(null, null);
        var left = PaymentParties.Read([new PersonalPart(parts[0].Subject, [0xFF, 0x00, 0x17]), parts[1]]);
        Json(left!).ShouldBe(Json(new PaymentParties { Creditor = s_parties.Creditor }));
        PaymentParties.Read(null).ShouldBeNull();
    }

    private static string Json(PaymentParties parties) =>
        JsonSerializer.Serialize(parties, PaymentPartiesJson.Default.PaymentParties);

    private static async Task<(Guid From, Guid To, PersonalPart[] Parts, Guid Id)> PayAsync(Bank bank, int shard)
    {
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(shard));
        var parts = s_parties.ToParts((await bank.ReadAsync(from)).CustomerId, (await bank.ReadAsync(to)).CustomerId);
        var details = new TransactionDetails
        {
            Personal = parts, ValueDate = DateOnly.FromDateTime(bank.Time.GetUtcNow().UtcDateTime).AddDays(2),
        };
        var paying = bank.Payments.TransferAsync(bank.Transfer(from, to, 250) with { Details = details }, default);
        while (!paying.IsCompleted) await bank.Pump.RunAsync(2);
        (await paying).Status.ShouldBe(TransferStatus.Settled);
        await bank.ShouldAddUpAsync();
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        return (from, to, parts, (await paying).TransferId);
    }
}
