using Microsoft.Extensions.Time.Testing;
using Tideline.Services.Analytics;
using Tideline.Tests.Projections;

namespace Tideline.Tests.Services.Analytics;

public sealed class DailyFiguresTests
{
    [Fact]
    public async Task Each_day_counts_every_entry_once_of_every_shard()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var stage = await Stage.OpenAsync(time);
        var (_, ofAda) = await stage.CustomerAsync();
        var (_, ofBen) = await stage.CustomerAsync();
        await stage.Bank.Payments.TransferAsync(stage.Bank.Transfer(ofAda[0], ofBen[0], 250), default);
        await stage.FlowAsync();
        time.Advance(TimeSpan.FromDays(1));
        await stage.Bank.DepositAsync(ofAda[1], 7);
        await stage.FlowAsync();
        await stage.RestartAsync();
        await stage.ProjectAsync();
        var (days, _) = await new DailyQueries(stage.Host).FindAsync("2026-03-01", "2026-03-02", "EUR", 10, default);
        days.Select(day => day.Day).ShouldBe(["2026-03-01", "2026-03-02"]);
        days[0].Kinds["deposit"].ShouldBe(new KindFigures(4, 40_000, 0));
        days[0].Kinds["transfer"].ShouldBe(new KindFigures(2, 250, 250));
        days[1].Kinds.ShouldHaveSingleItem().Value.ShouldBe(new KindFigures(1, 7, 0));
        // A position for each shard, however many accounts there are.
        days[0].Clock.Keys.ShouldBe([0, 1]);
        (await new DailyQueries(stage.Host).FindAsync("2026-03-02", null, null, 10, default)).Days.Count.ShouldBe(1);
        var rebuilt = await stage.Host["analytics"].Rebuild.RunAsync(force: false, default);
        (rebuilt.Phase, rebuilt.Compared, rebuilt.Differing).ShouldBe(("switched", 2L, 0L));
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));
    }

    [Fact]
    public async Task Figures_that_somebody_changed_are_found_and_built_anew()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql("UPDATE c_analytics_v1 SET json = CAST(replace(json, '20000', '20001') AS BLOB)");
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail.Contains("of analytics is not the fold of its events")).ShouldBe((false, true));
        var id = (await new DailyQueries(stage.Host).FindAsync(null, null, null, 10, default)).Days.Single();
        await stage.Host["analytics"].Repair.RepairAsync(DailyFigures.IdOf(id.Day, id.Currency), default);
        (await stage.VerifyViewsAsync()).Ok.ShouldBeTrue();
    }
}
