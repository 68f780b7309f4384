using CsCheck;
using Tideline.Consistency;
using Tideline.Kernel;
using Tideline.Services.Accounts.Views;
using Tideline.Tests.Projections;

namespace Tideline.Tests.Consistency;

public sealed class DocumentAgreementTests
{
    [Fact]
    public async Task Whoever_was_edited_is_named()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        (await CompareAsync(stage, ada)).ShouldBe(("equal", "agrees"));

        await stage.TamperAsync(ada, document => document with
        {
            Accounts = [.. document.Accounts.Select(account => account with { PostedMinor = account.PostedMinor + 1 })],
        });
        (await CompareAsync(stage, ada)).ShouldBe(("equal", "view-edited"));
        await stage.Customers.Repair.RepairAsync(ada.ToString(), default);
        (await CompareAsync(stage, ada)).ShouldBe(("equal", "agrees"));

        var shard = stage.Bank.Ledger.Map.ShardOf(accounts[0]);
        stage.Bank.Tamper(shard, $"UPDATE accounts SET balance = balance + 1 WHERE account_id = X'{accounts[0]:N}'");
        var report = await ReportAsync(stage, ada);
        (report.Verdict, report.IsWell).ShouldBe(("ledger-edited", false));
        report.Aggregates.Where(each => each.Verdict == "ledger-edited").ShouldHaveSingleItem().Id
            .ShouldBe(accounts[0]);
        report.Aggregates.Count(each => each.Verdict == "agrees").ShouldBe(2);
        // The repair takes the events' word, and the ledger is still blamed.
        await stage.Customers.Repair.RepairAsync(ada.ToString(), default);
        (await CompareAsync(stage, ada)).ShouldBe(("equal", "ledger-edited"));

        await stage.TamperAsync(ada, document => document with
        {
            Accounts = [.. document.Accounts.Select(account => account with { HeldMinor = account.HeldMinor + 5 })],
        });
        (await CompareAsync(stage, ada)).ShouldBe(("equal", "both-edited"));
    }

    [Fact]
    public async Task Lag_is_told_from_a_lost_update_and_from_what_waits()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        (await CompareAsync(stage, ada)).ShouldBe(("behind", "lag"));
        await stage.FlowAsync();
        await stage.Bank.DepositAsync(accounts[0], 5);
        (await CompareAsync(stage, ada)).ShouldBe(("behind", "lag"));
        await stage.FlowAsync();
        await stage.RestoreAsync(ada, accounts);
        (await CompareAsync(stage, ada)).ShouldBe(("behind", "lost-update"));

        await stage.Customers.Projector.Dead.HoldAsync(
            new Dictionary<string, string> { [ada.ToString()] = "A test." }, default);
        (await CompareAsync(stage, ada)).ShouldBe(("behind", "waits"));
        await stage.Customers.Repair.RepairAsync(ada.ToString(), default);
        (await CompareAsync(stage, ada)).ShouldBe(("equal", "agrees"));

        await stage.Views.RemoveAsync("customers_v1", [ada.ToString()], default);
        (await CompareAsync(stage, ada)).ShouldBe(("behind", "missing"));
        stage.Sql($"INSERT INTO c_customers_v1 (id, revision, json) VALUES ('{ada}', 9, CAST('{{' AS BLOB))");
        (await CompareAsync(stage, ada)).ShouldBe(("behind", "damaged"));
    }

    [Fact]
    public async Task What_the_ledger_does_not_know_is_a_conflict()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada, document => Moved(document, accounts[0], +1));
        (await CompareAsync(stage, ada)).ShouldBe(("ahead", "conflict"));
        await stage.TamperAsync(ada, document => Moved(document, accounts[1], -1));
        (await CompareAsync(stage, ada)).ShouldBe(("concurrent", "conflict"));
        (await Should.ThrowAsync<TidelineException>(() => CompareAsync(stage, stage.Bank.Ledger.Ids.Next())))
            .Code.ShouldBe(ErrorCode.NotFound);
    }

    [Fact]
    public void Clocks_are_ordered_as_sets_of_events()
    {
        var clock = Gen.Select(Gen.Long[0, 3], Gen.Long[0, 3], Gen.Long[0, 3]).Select(versions =>
            new[] { versions.Item1, versions.Item2, versions.Item3 });
        Gen.Select(clock, clock).Sample((first, second) =>
        {
            var (missing, extra) = (first.Zip(second).Any(pair => pair.First < pair.Second),
                first.Zip(second).Any(pair => pair.First > pair.Second));
            VectorClock.Compare(Of(first), Of(second)).ShouldBe(missing
                ? extra ? ClockOrder.Concurrent : ClockOrder.Behind : extra ? ClockOrder.Ahead : ClockOrder.Equal);
        });

        // Version 0 is the same as not to be there.
        static Dictionary<Guid, long> Of(long[] versions) => versions.Index().Where(each => each.Item > 0)
            .ToDictionary(each => new Guid(each.Index, 0, 0, new byte[8]), each => each.Item);
    }

    private static CustomerDocument Moved(CustomerDocument document, Guid account, long by) => document with
    {
        Clock = new SortedList<Guid, long>(document.Clock) { [account] = document.Clock[account] + by },
        Accounts = [.. document.Accounts.Select(
            each => each.AccountId == account ? each with { Version = each.Version + by } : each)],
    };

    private static async Task<(string Order, string Verdict)> CompareAsync(Stage stage, Guid customer)
    {
        var report = await ReportAsync(stage, customer);
        return (report.Order, report.Verdict);
    }

    private static Task<AgreementReport> ReportAsync(Stage stage, Guid customer) =>
        new DocumentAgreement(stage.Bank.Ledger, stage.Customers, stage.Views)
            .CompareAsync(customer.ToString(), default);
}
