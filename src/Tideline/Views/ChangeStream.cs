using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Views;

/// <summary>
/// Follows the change log of the view tier. The handler gets each batch with the token that follows it and keeps that
/// token where it keeps its effect; after a crash it goes on from there, and may see a batch twice. Without
/// <paramref name="withDocuments"/> it may lack what the documents are now.
/// </summary>
internal sealed partial class ChangeStream(
    IViewStore views, TimeProvider time, ILogger logger, bool withDocuments = true)
{
    private long _handledAt = time.GetTimestamp();

    /// <summary>
    /// Reads until it is cancelled; <paramref name="resumeToken"/> null: from now. A batch for
    /// <paramref name="handle"/> may be empty: then only its token is to be kept, which stays young so while nothing
    /// happens. When what follows a token has left the change log, <paramref name="resync"/> reads the documents anew
    /// and keeps the token that it is given, which is older than anything that it read; so changes may be seen twice,
    /// and none is missed. Without <paramref name="resync"/> such a loss is a fault.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: not a token of this change log. NotFound: changes are lost,
    /// and there is no resync. StorageUnavailable: it cannot be read now; go on from the last token.</exception>
    public async Task RunAsync(
        string? resumeToken, Func<ChangeBatch, CancellationToken, Task> handle,
        Func<string, CancellationToken, Task>? resync, CancellationToken cancel)
    {
        for (var token = resumeToken; ;) token = await PassAsync(token, handle, resync, cancel);
    }

    /// <summary>
    /// One step of <see cref="RunAsync"/>: a batch, or a short wait where there is none. Answers the token to go on
    /// from.
    /// </summary>
    internal async Task<string> PassAsync(
        string? token, Func<ChangeBatch, CancellationToken, Task> handle,
        Func<string, CancellationToken, Task>? resync, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (await TryReadAsync(token, resync is not null, cancel) is not { } batch)
        {
            // The token comes first: whatever changes while the documents are read follows it.
            var now = (await ReadAsync(null, cancel)).ResumeToken;
            await resync!(now, cancel);
            return now;
        }

        var isStale = token is null || (batch.ResumeToken != token
            && time.GetElapsedTime(_handledAt).TotalMilliseconds >= ViewLimits.ChangeTokenRefreshMs);
        if (batch.Changes.Count > 0 || isStale)
        {
            await handle(batch, cancel);
            _handledAt = time.GetTimestamp();
        }

        if (batch.Changes.Count == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(ViewLimits.ProjectionPollMs), time, cancel);
        return batch.ResumeToken;
    }

    // Null: what follows the token is lost.
    private async Task<ChangeBatch?> TryReadAsync(string? token, bool mayResync, CancellationToken cancel)
    {
        try
        {
            return await ReadAsync(token, cancel);
        }
        catch (TidelineException lost) when (mayResync && lost.Code == ErrorCode.NotFound && token is not null)
        {
            ChangesAreLost(logger, lost);
            return null;
        }
    }

    private ValueTask<ChangeBatch> ReadAsync(string? token, CancellationToken cancel) =>
        withDocuments ? views.ReadChangesAsync(token, Limits.EventBatch, cancel)
            : views.ReadChangedIdsAsync(token, Limits.EventBatch, cancel);

    [LoggerMessage(Level = LogLevel.Error, Message = "A follower of the views fell behind their change log: it reads "
        + "every document anew. A larger change log, or a faster follower, avoids that.")]
    private static partial void ChangesAreLost(ILogger logger, Exception fault);
}
