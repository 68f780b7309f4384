using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Gateway.Http;

/// <summary>
/// Waits for commands at most <see cref="Limits.CommandAnswerMs"/>, whatever an engine does. A command is never
/// cancelled, since it may be in the middle of its commit.
/// </summary>
internal static class CommandWait
{
    private static readonly string TooLate = string.Create(
        CultureInfo.InvariantCulture,
        $"The command was not answered within {Limits.CommandAnswerMs} ms. ")
        + "Its outcome is unknown; repeat it with the same key, if it has one, to get the outcome.";

    /// <summary>The command's reply.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it took too long, and its outcome is
    /// unknown.</exception>
    public static Task<T> ForAsync<T>(this TimeProvider time, Task<T> command) =>
        command.IsCompleted ? command : time.ForAsync(command, time.GetTimestamp());

    /// <summary>The reply of a command that started at <paramref name="began"/>.</summary>
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
            // No caller waits any more: observe a later fault, so that it is not unhandled.
            _ = command.ContinueWith(
                static late => late.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
            throw new TidelineException(ErrorCode.StorageUnavailable, TooLate);
        }
        catch (TimeoutException)
        {
            // It ended exactly at the limit, or failed by itself.
            return await command;
        }
    }
}
