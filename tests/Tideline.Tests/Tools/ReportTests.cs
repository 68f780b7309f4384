using System.Text.Json;
using Tideline.Tools.Drills;
using Tideline.Tools.Figures;

namespace Tideline.Tests.Tools;

public sealed class ReportTests
{
    [Fact]
    public void A_bench_report_has_the_published_shape()
    {
        var report = new Report("transfers", 12.5, "ledger: SQLite", [
            new Figure("with", 60, "transfers/s", new Baseline("raw", 100), Target.MinRatio(0.7)),
            new Figure("without", 3, "ms"),
        ]);

        using var json = JsonDocument.Parse(report.ToJson());
        var root = json.RootElement;
        root.EnumerateObject()
            .Select(property => property.Name).ShouldBe(["scenario", "seconds", "engines", "figures"]);
        var with = root.GetProperty("figures")[0];
        with.GetProperty("name").GetString().ShouldBe("with");
        with.GetProperty("value").GetDouble().ShouldBe(60);
        with.GetProperty("unit").GetString().ShouldBe("transfers/s");
        with.GetProperty("baseline").GetProperty("name").GetString().ShouldBe("raw");
        with.GetProperty("baseline").GetProperty("value").GetDouble().ShouldBe(100);
        with.GetProperty("ratio").GetDouble().ShouldBe(0.6);
        with.GetProperty("met").GetBoolean().ShouldBeFalse();
        root.GetProperty("figures")[1]
            .EnumerateObject().Select(property => property.Name).ShouldBe(["name", "value", "unit"]);
    }

    [Fact]
    public void A_drill_report_is_ok_only_when_every_check_held()
    {
        var report = new DrillReport("crash", [new Check("first", true, "fine"),
            new Check("second", false, "one lost")], [new Figure("kills", 25, "kills")]);

        using var json = JsonDocument.Parse(report.ToJson());
        json.RootElement.EnumerateObject().Select(property => property.Name).ShouldBe(["ok", "checks", "figures"]);
        json.RootElement.GetProperty("ok").GetBoolean().ShouldBeFalse();
        json.RootElement.GetProperty("checks")[1].GetProperty("detail").GetString().ShouldBe("one lost");
        (report with { Checks = [report.Checks[0]] }).Ok.ShouldBeTrue();
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public void A_bound_from_above_is_met_below_it(double value, bool met) =>
        new Figure("recovery", value, "s", Target: Target.Max(4)).Met.ShouldBe(met);
}
