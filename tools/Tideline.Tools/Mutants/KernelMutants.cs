using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Kernel.</summary>
internal static class KernelMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "loop-ends-after-fault",
            File = "Kernel/BackgroundLoop.cs",
            Find = """rest = FaultRest;""",
            Replace = """
                if (Planted.Is("loop-ends-after-fault")) return;
                                rest = FaultRest;
                """,
            What = "A background part ends with the first fault of a pass.",
            How = "An engine refuses one call of a relay, consumer, timer, sealer or projector.",
            Laws = "I6 I7 I8 I9",
            IsFrequent = true,
        },
        new()
        {
            Name = "loop-ends-on-timeout",
            File = "Kernel/BackgroundLoop.cs",
            Find = """catch (OperationCanceledException) when (_stop.IsCancellationRequested)""",
            Replace = """
                catch (OperationCanceledException)
                                when (_stop.IsCancellationRequested || Planted.Is("loop-ends-on-timeout"))
                """,
            What = "A background part takes any cancelled call for its own end.",
            How = "An engine call of a background part times out with a cancellation.",
            Laws = "I6 I7 I8 I9",
            IsFrequent = true,
            Focus = RunFocus.Calls,
        },
    ];
}
