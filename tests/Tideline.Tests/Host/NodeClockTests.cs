using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Services.Accounts;
using Tideline.Tests.Kernel;

namespace Tideline.Tests.Host;

/// <summary>A whole node whose machine's clock is wrong.</summary>
public sealed class NodeClockTests : IDisposable
{
    private readonly MachineTime _machine = MachineTime.InMarch();
    private readonly string _folder =
        Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_idle_node_names_a_jump_takes_commands_by_the_measured_time_and_is_right_when_the_clock_is()
    {
        await using var node = await StartAsync();
        node.Health.Parts.ShouldContain("clock");
        node.Health.Faults().ShouldBeEmpty();
        _machine.Jump(TimeSpan.FromDays(400));
        var fault = node.Health.Faults().ShouldHaveSingleItem();
        (fault.Part, fault.Scope).ShouldBe(("clock", FaultScope.Commands));
        fault.Sentence.ShouldContain("400.0 days ahead of");
        await CustomerAsync(node);
        node.Ledger.Clock.Jumps.ShouldBe(1);
        Clock.FromUs(node.Ledger.CommittedHead(0).TimeUs).ShouldBeLessThan(_machine.GetUtcNow().AddDays(-399));
        _machine.Jump(TimeSpan.FromDays(-400));
        node.Health.Faults().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_node_whose_clock_is_years_after_its_data_does_not_start_unless_it_is_accepted()
    {
        await using (var node = await StartAsync()) await CustomerAsync(node);
        _machine.Jump(TimeSpan.FromDays(LedgerLimits.ClockIdleDays + 1));
        var refused = await Should.ThrowAsync<TidelineException>(async () => await (await StartAsync()).DisposeAsync());
        refused.Code.ShouldBe(ErrorCode.ClockWrong);
        await using var told = await StartAsync(acceptClock: true);
        await CustomerAsync(told);
    }

    private Task<TidelineNode> StartAsync(bool acceptClock = false)
    {
        var options = new NodeOptions { DataDirectory = _folder, Shards = 1, Time = _machine, WithViews = false };
        return TidelineNode.StartAsync(options with { AcceptClock = acceptClock }, Cancel);
    }

    private static async Task CustomerAsync(TidelineNode node)
    {
        var create = new CreateCustomer(node.Ledger.Ids.Next(), "Ada", "ada@example.com", "DE");
        (await node.Ledger.ExecuteAsync(create, Cancel)).Refusal.ShouldBeNull();
    }
}
