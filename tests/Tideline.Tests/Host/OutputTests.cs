using Tideline.Host.Running;

namespace Tideline.Tests.Host;

/// <summary>What the command line prints for a person.</summary>
public sealed class OutputTests
{
    [Theory]
    [InlineData("sagaId", "saga id")]
    [InlineData("lagMs", "lag (ms)")]
    [InlineData("throughTimeUs", "through time (µs)")]
    [InlineData("state", "state")]
    public void A_JSON_name_becomes_a_heading(string name, string heading) => Output.Heading(name).ShouldBe(heading);
}
