namespace Tideline.Tests.Races;

/// <summary>Samples races of real threads.</summary>
internal static class Sampling
{
    /// <summary>
    /// Runs a sample on a thread of its own: it blocks, and what it tests needs the few threads of the pool.
    /// </summary>
    public static Task RunAsync(Action sample) => Task.Factory.StartNew(
        sample, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
