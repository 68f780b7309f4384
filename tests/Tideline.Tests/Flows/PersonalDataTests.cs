using System.Text;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Queries;
using Tideline.Services.Accounts;
using Tideline.Services.Accounts.Views;
using Tideline.Services.Archive;
using Tideline.Tests.Projections;

namespace Tideline.Tests.Flows;

/// <summary>What is said of a person goes through all tiers as the same bytes, and stands nowhere else.</summary>
public sealed class PersonalDataTests
{
    [Fact]
    public async Task A_profile_is_the_same_bytes_in_row_event_log_and_documents_and_stands_nowhere_else()
    {
        await using var stage = await Stage.OpenAsync();
        var id = stage.Bank.Ledger.Map.NextOn(0, stage.Bank.Ledger.Ids);
        var profile = new CustomerProfile("Zoë \"Søn\" <日本>", "Zoe@Example.com", "DK");
        await stage.Bank.Ledger.ExecuteAsync(
            new CreateCustomer(id, profile.Name, profile.Email, profile.Country), default);
        await stage.FlowAsync();
        var part = profile.ToPart(id);
        Encoding.UTF8.GetString(part.Data).ShouldContain("<日本>");
        var reader = stage.Bank.Ledger.ReaderOf(id);
        (await reader.GetCustomerAsync(id, default))!.Profile.ShouldBe(part);
        var happened = (await reader.GetEventsAsync(0, 100, default))[^1];
        var record = (await stage.Log.ReadAsync(Topics.AccountEvents, 0, 0, 100, default))[^1];
        var document = await stage.StoredAsync(id);
        var archive = stage.Host["events"].Projector.Names.Of("events");
        var archived = (await stage.Views.ReadAsync(
            archive, [ArchivedEvent.IdOf(happened.Position)], default)).Single();
        ViewJson.Customer(document.Json).Profile.ShouldBe(part.Data);
        EventData.Parse(record.Data.Span).Personal.ShouldBe([part]);
        foreach (var stored in (ReadOnlyMemory<byte>[])[happened.Data, record.Data, document.Json, archived.Json])
        {
            var text = Encoding.UTF8.GetString(stored.Span);
            text.ShouldContain(Convert.ToBase64String(part.Data));
            text.ShouldNotContain("example.com", Case.Insensitive);
        }
    }

    [Fact]
    public async Task A_customer_is_found_by_the_address_whatever_its_case()
    {
        await using var stage = await Stage.OpenAsync();
        var id = stage.Bank.Ledger.Ids.Next();
        await stage.Bank.Ledger.ExecuteAsync(new CreateCustomer(id, "Ada", "Ada@Example.com", "DE"), default);
        await stage.FlowAsync();
        foreach (var (email, count) in (IEnumerable<(string, int)>)
            [("Ada@Example.com", 1), ("ada@example.COM", 1), ("ada@example.org", 0)])
        {
            var page = await stage.Reads.Queries.FindCustomersByEmailAsync(
                email, ReadConsistency.Eventual, null, 10, default);
            page.Customers.Count.ShouldBe(count, email);
        }
    }
}
