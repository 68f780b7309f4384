using Tideline.Kernel;
using Tideline.Tests.Tools.Servers;
using Tideline.Tools;
using Tideline.Tools.Drills.Faults;

namespace Tideline.Tests.Faults;

/// <summary>One round of every fault that real processes can be given, with every answer checked.</summary>
public sealed class OpponentDrillTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task No_fault_of_an_embedded_installation_breaks_a_law() => DrillAsync(new DrillOptions());

    [Fact]
    public async Task No_fault_of_two_nodes_and_their_servers_breaks_a_law()
    {
        OwnServer.SkipWhenEmbedded();
        try
        {
            await DrillAsync(new DrillOptions { OwnServers = true });
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip($"A server cannot be had here: {fault.Message}");
        }
    }

    private static async Task DrillAsync(DrillOptions options)
    {
        var report = await new OpponentDrill(options).RunAsync(Cancel);
        report.Checks.Where(check => !check.Ok).Select(check => $"{check.Name}: {check.Detail}").ShouldBeEmpty();
    }
}
