using System.Text;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tests.Ledger;

public sealed class AccountEventTests
{
    [Fact]
    public void The_fast_writer_writes_the_bytes_of_EventData()
    {
        var account = new AccountRow
        {
            Id = Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"), CustomerId = Guid.Parse(
                "01890a5d-ac96-774b-bcce-b302099a8058"), Kind = AccountKind.Customer, Currency = Currency.Parse("EUR"),
            PostedMinor = -120,
            PendingOutMinor = 5, OverdraftLimitMinor = 1_000, EntryVersion = 3, Iban = "DE02120300000000202051",
        };
        var id = Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8059");
        var details = new TransactionDetails
        {
            ValueDate = new DateOnly(2026, 3, 1), Code = "RENT", ExternalReference = "a+b/c",
            Metadata = new() { ["z"] = "\"ü+\"", ["a"] = "" },
            Personal = [new PersonalPart(id, [.. Enumerable.Range(0, 256).Select(each => (byte)each)])],
        };
        var written = new AccountEvent(
            "transfer", -20, true, id, id, "Miete \"März\" 日本", id, id, WithIban: true, Details: details)
            .ToJson(account);
        var expected = new EventData
        {
            CustomerId = account.CustomerId, AccountId = account.Id, Currency = "EUR",
            AmountMinor = -20, PostedMinor = -120, HeldMinor = 5, OverdraftLimitMinor = 1_000, Status = "open",
            EntryVersion = 3, TransactionId = id, Kind = "transfer",
            CounterpartyId = id, Reference = "Miete \"März\" 日本", SagaId = id, HoldId = id, Iban = account.Iban,
            ValueDate = details.ValueDate, Code = details.Code, ExternalReference = details.ExternalReference,
            Metadata = details.Metadata, Personal = details.Personal,
        }.ToJson();
        Encoding.UTF8.GetString(written).ShouldBe(Encoding.UTF8.GetString(expected));
        EventData.Parse(written).ToJson().ShouldBe(written);
        TransactionDetails.Of(EventData.Parse(written)).ShouldBe(details);
    }
}
