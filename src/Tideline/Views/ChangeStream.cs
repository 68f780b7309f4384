using Tideline.Kernel;

namespace Tideline.Views;

/// <summary>
/// Follows the change log of the view tier. The handler gets each batch with the token that follows it and keeps that token where it keeps its effect; after a crash it
/// goes on from there, and may see a batch twice. Without <paramref name="withDocuments"/> it may lack what the documents are now.
/// </summary>
public sealed class ChangeStream(IViewStore views, TimeProvider time, bool withDocuments = true)
{
    /// <summary>Reads until it is cancelled; <paramref name="resumeToken"/> null: from now.</summary>
    /// <exception cref="TidelineException">NotFound: the token has left the change log; read the documents anew, then follow from a new token.</exception>
    public async Task RunAsync(string? resumeToken, Func<ChangeBatch, CancellationToken, Task> handle, CancellationToken cancel)
    {
        var token = resumeToken ?? (await ReadAsync(null, cancel)).ResumeToken;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var batch = await ReadAsync(token, cancel);
            if (batch.Changes.Count == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Limits.ProjectionPollMs), time, cancel);
                continue;
            }

            await handle(batch, cancel);
            token = batch.ResumeToken;
        }
    }

    private ValueTask<ChangeBatch> ReadAsync(string? token, CancellationToken cancel) =>
        withDocuments ? views.ReadChangesAsync(token, Limits.EventBatch, cancel) : views.ReadChangedIdsAsync(token, Limits.EventBatch, cancel);
}
