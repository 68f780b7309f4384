using Tideline.Kernel;

namespace Tideline.Tests.Kernel;

public sealed class NodeHealthTests
{
    [Fact]
    public void A_check_that_throws_is_a_fault_and_hides_no_other()
    {
        var health = new NodeHealth();
        health.Register("a", FaultScope.Detail, () => throw new InvalidOperationException("No."));
        health.Register("b", FaultScope.Commands, () => "It is wrong.");
        health.Register("c", FaultScope.Freshness, () => null);
        health.Faults().ShouldBe([new NodeFault("a", FaultScope.Detail, "Its check failed: No."),
            new NodeFault("b", FaultScope.Commands, "It is wrong.")]);
        health.Checks().Select(part => part.Part).ShouldBe(["a", "b", "c"]);
    }
}
