using System.Globalization;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// Rewrites documents whose oldest counted day has left the window, so that stored documents are correct without
/// computation by their readers. Guarded like every write: if the projector wrote a document first, the next step finds
/// its new state.
/// </summary>
public sealed class Aging : IAsyncDisposable
{
    private readonly Projector _projector;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly DamagedDocuments _damaged;
    private readonly BackgroundLoop _loop;

    internal Aging(
        Projector projector, IViewStore views, DamagedDocuments damaged, TimeProvider time, ILogger logger)
    {
        (_projector, _views, _damaged, _time) = (projector, views, damaged, time);
        _loop = new BackgroundLoop(
            "aging of customers", RoundAsync, TimeSpan.FromMilliseconds(AccountLimits.AgingIntervalMs), time, logger,
            Limits.LongPassMs);
    }

    /// <summary>Why documents are not aged; null while they are.</summary>
    public string? Fault => _loop.Fault;

    /// <summary>Ages every due document of the active version.</summary>
    /// <returns>How many were rewritten.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);
        var lastOut = Activity.FirstDay(today).AddDays(-1).ToString("O", CultureInfo.InvariantCulture);
        var (rewritten, names, limit) = (0, _projector.Names, AccountLimits.AgingDocuments);
        (object, string)? after = null;
        while (true)
        {
            var due = await _views.QueryAsync(
                new DocumentQuery(
                    names.Documents, new Dictionary<string, object>(), "oldestDay", null, lastOut, Descending: false,
                    [], null, after, limit), cancel);
            var sound = due.Select(stored => (Stored: stored, Document: Sound(names, stored)))
                .Where(each => each.Document is not null).ToArray();
            var writes = sound.Select(each =>
                CustomersProjection.Write(CustomerFold.Age(each.Document!, today), each.Stored.Revision))
                .ToArray();
            if (writes.Length > 0)
                rewritten += (await _views.WriteAsync(names.Documents, writes, cancel)).Count(applied => applied);
            if (due.Count < limit) return rewritten;
            if (sound.Length > 0)
                (after, limit) = ((sound[^1].Document!.OldestDay!, sound[^1].Stored.Id), AccountLimits.AgingDocuments);
            // Only an undamaged document says where to continue. A page without one is read again with a larger limit.
            else if (limit < ViewLimits.QueryDocuments) limit = Math.Min(limit * 2, ViewLimits.QueryDocuments);
            else return rewritten;
        }
    }

    private CustomerDocument? Sound(ViewNames names, Document stored)
    {
        var document = StoredView.Customer(stored, out var damage);
        if (damage is not null) _damaged.Note(names.Documents, stored.Id, damage);
        // The index gives the document's own oldest day, unless a manual edit changed only one of them.
        return document?.OldestDay is null ? null : document;
    }

    internal void Start() => _loop.Start();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task RoundAsync(CancellationToken cancel)
    {
        if (_projector.IsBuilder) await RunAsync(cancel);
    }
}
