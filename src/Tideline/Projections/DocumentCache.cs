namespace Tideline.Projections;

/// <summary>
/// A document as it stands in the store; <paramref name="Revision"/> 0 and no document: it is not there.
/// </summary>
internal readonly record struct CachedDocument(object? Document, long Revision);

/// <summary>
/// Parsed documents of late use, bounded: two generations, and what the older one holds is dropped when the younger is
/// full. A guard of the store decides whether an entry is still true, so it may be out of date without harm.
/// </summary>
internal sealed class DocumentCache(int capacity)
{
    private Dictionary<string, CachedDocument> _young = new(StringComparer.Ordinal);
    private Dictionary<string, CachedDocument> _old = new(StringComparer.Ordinal);

    public bool TryGet(string id, out CachedDocument found)
    {
        if (_young.TryGetValue(id, out found)) return true;
        if (!_old.TryGetValue(id, out found)) return false;
        Put(id, found);
        return true;
    }

    public void Put(string id, CachedDocument document)
    {
        if (_young.Count >= capacity / 2 && !_young.ContainsKey(id)) (_old, _young) =
            (_young, new(StringComparer.Ordinal));
        _young[id] = document;
    }

    public void Remove(string id)
    {
        _young.Remove(id);
        _old.Remove(id);
    }

    public void Clear()
    {
        _young.Clear();
        _old.Clear();
    }
}
