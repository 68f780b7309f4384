using System.Diagnostics;
using Tideline.Tools.Figures;

namespace Tideline.Tests.Tools;

public sealed class LatenciesTests
{
    [Theory]
    [InlineData(0.5, 50)]
    [InlineData(0.99, 99)]
    [InlineData(1, 100)]
    [InlineData(0.001, 1)]
    public void A_percentile_is_the_nearest_rank(double share, double expectedMs)
    {
        var odd = Filled(Enumerable.Range(1, 100).Where(ms => ms % 2 == 1));
        var even = Filled(Enumerable.Range(1, 100).Where(ms => ms % 2 == 0).Reverse());

        Latencies.Merge([odd, even]).Ms(share).ShouldBe(expectedMs, 0.001);
    }

    [Fact]
    public void Nothing_measured_is_zero() => new Latencies().Ms(0.99).ShouldBe(0);

    [Fact]
    public void A_value_added_after_a_percentile_was_read_counts()
    {
        var latencies = Filled([5]);
        latencies.Ms(1).ShouldBe(5, 0.001);

        latencies.AddTicks(Stopwatch.Frequency);

        latencies.Ms(1).ShouldBe(1_000, 0.001);
        latencies.Ms(0.5).ShouldBe(5, 0.001);
    }

    private static Latencies Filled(IEnumerable<int> milliseconds)
    {
        var latencies = new Latencies();
        foreach (var ms in milliseconds) latencies.AddTicks(ms * Stopwatch.Frequency / 1_000);
        return latencies;
    }
}
