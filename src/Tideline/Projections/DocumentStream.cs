using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>The documents of a collection in the order of their ids, read a page at a time.</summary>
internal sealed class DocumentStream(IViewStore views, string collection)
{
    private IReadOnlyList<Document> _page = [];
    private int _at = -1;

    /// <summary>Where the stream stands; null before the first document and after the last.</summary>
    public Document? Current => _at >= 0 && _at < _page.Count ? _page[_at] : null;

    public async ValueTask NextAsync(CancellationToken cancel)
    {
        if (++_at < _page.Count) return;
        (object, string)? after = _page.Count == 0 ? null : ("", _page[^1].Id);
        var query = new DocumentQuery(collection,
            new Dictionary<string, object>(), null, null, null, Descending: false, [], null, after, Limits.EventBatch);
        try
        {
            (_page, _at) = (await views.QueryAsync(query, cancel), 0);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            // Somebody took the collection away, and its documents with it.
            (_page, _at) = ([], 0);
        }
    }
}
