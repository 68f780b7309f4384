using Tideline.Bench.Load;

namespace Tideline.Bench.Scenarios;

/// <summary>What a scenario runs with.</summary>
internal sealed record ScenarioContext(BenchOptions Options, TemporaryFolder Folder, TimeProvider Time, CancellationToken Cancel)
{
    /// <summary>Tells a person what takes time now.</summary>
    public static void Say(string words)
    {
        if (!Console.IsOutputRedirected) Console.WriteLine($"  {words}");
    }
}
