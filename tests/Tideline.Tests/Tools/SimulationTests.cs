using Tideline.Tools.Load;

namespace Tideline.Tests.Tools;

/// <summary>The simulation as its users start it: as a program of its own, whose thread pool it can limit.</summary>
public sealed class SimulationTests
{
    private static readonly HostProgram Tools = new(Path.Combine(AppContext.BaseDirectory, "Tideline.Tools"), []);

    [Fact]
    public async Task Many_seeds_break_no_law()
    {
        var (code, output) = await Tools.RunAsync(["simulate", "--seed", "1", "--seeds", "150", "--whole"], Cancel);
        code.ShouldBe(0, output);
        output.ShouldContain("every law held.");
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_history()
    {
        string[] arguments = ["simulate", "--seed", "11", "--seeds", "3", "--whole", "--history"];
        var (_, first) = await Tools.RunAsync(arguments, Cancel);
        var (_, second) = await Tools.RunAsync(arguments, Cancel);
        Lines(second).ShouldBe(Lines(first));
        Lines(first).Length.ShouldBeGreaterThan(400);

        // The workers print in any order, and the last line says how long it took.
        static string[] Lines(string output) =>
            [.. output.Split('\n').Where(line => !line.StartsWith("3 seeds", StringComparison.Ordinal)).Order()];
    }

    [Fact]
    public async Task A_number_of_seeds_must_make_sense()
    {
        var (code, output) = await Tools.RunAsync(["simulate", "--seeds", "0"], Cancel);
        code.ShouldBe(2);
        output.ShouldContain("--seeds must be 1 to");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
