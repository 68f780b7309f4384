using Tideline.Tools.Figures;
using Tideline.Tools.Scenarios;

namespace Tideline.Tests.Tools;

public sealed class SemiSyncScenarioTests
{
    [Fact]
    public void Each_value_of_the_group_stands_beside_that_of_the_lone_server_once()
    {
        Figure[] Run(double value, double raw) =>
        [
            new("transfers", value, "transfers/s", Target: Target.Min(1)),
            new("transfers, to raw", value, "transfers/s", new Baseline("raw", raw), Target.MinRatio(0.6)),
            new("transfers, p99", 1_000 / value, "ms"),
        ];

        SemiSyncScenario.Compare(Run(500, 1_000), Run(400, 500)).ShouldBe(
        [
            new Figure("transfers", 400, "transfers/s", new Baseline("lone server", 500)),
            new Figure("raw", 500, "transfers/s", new Baseline("lone server", 1_000)),
            new Figure("Tideline to raw", 0.8, "×", new Baseline("lone server", 0.5)),
            new Figure("transfers, p99", 2.5, "ms", new Baseline("lone server", 2)),
        ]);
    }
}
