using System.Globalization;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Rewrites documents whose oldest counted day left the window, so that what stands in the store is true without a reader who computes. Guarded like every write: where the
/// projector was faster, the next step finds the document as it is then.
/// </summary>
public sealed class Aging : IAsyncDisposable
{
    private readonly Projector _projector;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly BackgroundLoop _loop;

    internal Aging(Projector projector, IViewStore views, TimeProvider time, ILogger logger)
    {
        (_projector, _views, _time) = (projector, views, time);
        _loop = new BackgroundLoop(
            "aging of the views", cancel => projector.IsBuilder ? RunAsync(cancel) : Task.CompletedTask,
            TimeSpan.FromMilliseconds(Limits.AgingIntervalMs), time, logger, Limits.LongPassMs);
    }

    /// <summary>What keeps documents from being aged; null while nothing does.</summary>
    public string? Fault => _loop.Fault;

    /// <summary>Ages every document of the active version that is due.</summary>
    /// <returns>How many were rewritten.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);
        var lastOut = Activity.FirstDay(today).AddDays(-1).ToString("O", CultureInfo.InvariantCulture);
        var (rewritten, names) = (0, _projector.Names);
        (object, string)? after = null;
        while (true)
        {
            var due = await _views.QueryAsync(
                new DocumentQuery(names.Customers, new Dictionary<string, object>(), "oldestDay", null, lastOut, Descending: false, [], null, after, Limits.AgingDocuments), cancel);
            if (due.Count == 0) return rewritten;
            var writes = due.Select(document => ViewApplier.Write(Fold.Age(ViewJson.Customer(document.Json), today), document.Revision)).ToArray();
            rewritten += (await _views.WriteAsync(names.Customers, writes, cancel)).Count(applied => applied);
            after = (ViewJson.Customer(due[^1].Json).OldestDay!, due[^1].Id);
        }
    }

    internal void Start() => _loop.Start();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();
}
