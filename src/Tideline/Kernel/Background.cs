namespace Tideline.Kernel;

/// <summary>Starts work beside its caller.</summary>
public static class Background
{
    /// <summary>
    /// Starts work on the caller's scheduler: the thread pool, or the scheduler of a simulated process, on which all
    /// its work runs.
    /// </summary>
    public static Task Run(Func<Task> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    /// <summary>How to wait for a task whatever its end, and go on where the caller was.</summary>
    public const ConfigureAwaitOptions WhateverItsEnd =
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;
}
