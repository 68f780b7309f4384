using Tideline.Tools.Load;

namespace Tideline.Tests.Tools;

/// <summary>
/// The simulation finds what is planted. Only bugs that a few runs find are hunted here:
/// <c>./tideline mutants</c> hunts all.
/// </summary>
public sealed class MutantHuntTests
{
    private static readonly HostProgram Tools = new(Path.Combine(AppContext.BaseDirectory, "Tideline.Tools"), []);

    [Fact]
    public async Task Bugs_that_a_few_runs_find_are_found()
    {
        var (code, output) = await Tools.RunAsync(["mutants", "--frequent"], Cancel);
        code.ShouldBe(0, output);
        output.ShouldContain("planted bugs were found within");
    }

    [Fact]
    public async Task A_bug_that_is_not_planted_is_not_hunted()
    {
        var (code, output) = await Tools.RunAsync(["mutants", "no-such-bug"], Cancel);
        code.ShouldBe(2);
        output.ShouldContain("There is no planted bug 'no-such-bug'.");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
