using Tideline.Kernel;
using Tideline.Tools.Drills;
using Tideline.Tools.Load;

namespace Tideline.Tests.Tools;

public sealed class KillPlanTests
{
    [Fact]
    public void Enough_kills_visit_every_named_point_and_some_moments()
    {
        var plan = Kill.Plan(25, new SeededRandom(7));

        plan.Count.ShouldBe(25);
        plan.Where(kill => kill.Point is not null)
            .Select(kill => kill.Point!).ShouldBe(CrashPoint.Names, ignoreOrder: true);
        plan.Count(kill => kill.Point is null && kill.AfterMs > 0).ShouldBe(25 - CrashPoint.Names.Count);
    }

    [Fact]
    public void The_same_seed_repeats_a_plan_and_another_does_not()
    {
        Kill.Plan(30, new SeededRandom(7)).ShouldBe(Kill.Plan(30, new SeededRandom(7)));
        Kill.Plan(30, new SeededRandom(7)).ShouldNotBe(Kill.Plan(30, new SeededRandom(8)));
    }

    [Fact]
    public void Few_kills_are_as_many_as_asked() => Kill.Plan(3, new SeededRandom(7)).Count.ShouldBe(3);
}
