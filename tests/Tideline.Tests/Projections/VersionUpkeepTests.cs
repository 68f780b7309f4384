using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Sqlite;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;

namespace Tideline.Tests.Projections;

/// <summary>What follows a switch: names that stay, and the end of the version before it.</summary>
public sealed class VersionUpkeepTests
{
    [Fact]
    public async Task Stable_names_lead_to_the_active_version_and_its_state_names_the_collections()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        Seen(stage, "customers").ShouldBe(Seen(stage, "c_customers_v1"));
        (await CollectionsAsync(stage)).ShouldBe("""{"customers":"customers_v1","transactions":"transactions_v1"}""");

        (await stage.Customers.Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        await stage.CustomerAsync();
        await stage.FlowAsync();
        Seen(stage, "customers").ShouldBe(Seen(stage, "c_customers_v2"));
        Seen(stage, "transactions").ShouldBe(Seen(stage, "c_transactions_v2"));
        Seen(stage, "customers").ShouldNotBe(Seen(stage, "c_customers_v1"));
        (await CollectionsAsync(stage)).ShouldBe("""{"customers":"customers_v2","transactions":"transactions_v2"}""");
        foreach (var name in (string[])["events", "analytics"]) Seen(stage, name).ShouldBe(Seen(stage, $"c_{name}_v1"));
    }

    [Fact]
    public async Task A_name_that_somebody_took_away_comes_back_at_the_next_look()
    {
        await using var stage = await Stage.OpenAsync();
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(stage.Folder, "views", "views.db")))
            database.Execute("DROP VIEW customers");
        await UpkeepOf(stage, TimeProvider.System).LookAsync(default);
        Seen(stage, "customers").ShouldBe(Seen(stage, "c_customers_v1"));
    }

    [Fact]
    public async Task The_version_before_the_active_one_is_dropped_when_its_time_is_over()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.Customers.Rebuild.RunAsync(force: false, default);
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var upkeep = UpkeepOf(stage, time);
        time.Advance(TimeSpan.FromHours(ProjectionLimits.ViewVersionKeptHours) - TimeSpan.FromMinutes(5));
        await upkeep.LookAsync(default);
        (await VersionsAsync(stage)).ShouldBe([1, 2]);

        time.Advance(TimeSpan.FromMinutes(6));
        await upkeep.LookAsync(default);
        (await VersionsAsync(stage)).ShouldBe([2]);
        stage.Customers.Projector.Active.Previous.ShouldBeNull();
        await stage.RestartAsync();
        stage.Customers.Projector.Active.ShouldSatisfyAllConditions(
            active => active.Version.ShouldBe(2), active => active.Previous.ShouldBeNull());
        (await stage.Customers.Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        (await VersionsAsync(stage)).ShouldBe([2, 3]);
    }

    private static VersionUpkeep UpkeepOf(Stage stage, TimeProvider time) =>
        new(stage.Customers.Projector, stage.Views, time, NullLogger.Instance);

    private static Task<IReadOnlyList<int>> VersionsAsync(Stage stage) =>
        ViewNames.VersionsAsync(stage.Views, CustomersProjection.Definition, default);

    private static async Task<string> CollectionsAsync(Stage stage)
    {
        var state = (await stage.Views.GetStateAsync("customers.active", default)).ShouldNotBeNull();
        return JsonDocument.Parse(state).RootElement.GetProperty("collections").GetRawText();
    }

    private static string Seen(Stage stage, string table)
    {
        using var database = SqliteDatabase.OpenWriter(Path.Combine(stage.Folder, "views", "views.db"));
        var rows = database.Prepare(
            $"SELECT COALESCE(group_concat(id || CAST(json AS TEXT), ';' ORDER BY id), '') FROM {table}");
        rows.Step().ShouldBeTrue();
        var seen = rows.Text(0);
        rows.Reset();
        return seen;
    }
}
