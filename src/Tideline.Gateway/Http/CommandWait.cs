using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Gateway.Http;

/// <summary>
/// Waits for commands no longer than <see cref="Limits.CommandAnswerMs"/>, whatever an engine does. A command is never
/// cancelled: it may be in the middle of its commit.
/// </summary>
internal static class CommandWait
{
    private static readonly string TooLate = string.Create(
        CultureInfo.InvariantCulture,
        $"The command was not answered within {Limits.CommandAnswerMs} ms. ")
        + "Whether it was carried out is not known; repeat it with the same key, if it has one, to find out.";

    /// <summary>The command's reply.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it took too long, and its fate is not known.</exception>
    public static Task<T> ForAsync<T>(this TimeProvider time, Task<T> command) =>
        command.IsCompleted ? command : time.ForAsync(command, time.GetTimestamp());

    /// <summary>The reply of a command that was begun at <paramref name="began"/>.</summary>
    /// <exception cref="TidelineException">As above.</exception>
    public static async Task<T> ForAsync<T>(this TimeProvider time, Task<T> command, long began)
    {
        if (command.IsCompleted) return await command;
        var left = TimeSpan.FromMilliseconds(Limits.CommandAnswerMs) - time.GetElapsedTime(began);
        try
        {
            return await command.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        }
        catch (TimeoutException) when (!command.IsCompleted)
        {
            // Nobody waits for it any more: a fault that comes later is seen all the same.
            _ = command.ContinueWith(
                static late => late.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
            throw new TidelineException(ErrorCode.StorageUnavailable, TooLate);
        }
        catch (TimeoutException)
        {
            // It ended at the moment of the limit, or the fault is its own.
            return await command;
        }
    }
}
