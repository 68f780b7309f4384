using System.Runtime.InteropServices;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Finds the rows of a table that only grows at its end. Putting each key into a B-tree as it comes would dirty a page for every row; so the newest keys
/// stay in memory, and go into the table's index sorted, hundreds of neighbours together. The rows themselves are durable at
/// once: after a restart the keys in memory are read back from the rows behind <see cref="Through"/>.
/// </summary>
/// <remarks>
/// The shard's one writer stages, then publishes after its commit or discards; readers may look at any time.
/// <code>
/// Stage ─► open generation ─(full)─► sorted generation ─ slice by slice ─► index in the file
/// </code>
/// </remarks>
internal sealed class TailIndex<TKey>(IComparer<TKey> order, int generationRows)
    where TKey : struct, IEquatable<TKey>
{
    private const int SlicesPerGeneration = 128;

    private readonly Lock _gate = new();
    private readonly Comparison<(TKey Key, long Row)> _byKey = (left, right) => order.Compare(left.Key, right.Key);
    private readonly List<(TKey Key, long Row)> _staged = [];
    private readonly HashSet<TKey> _stagedKeys = [];
    private List<(TKey Key, long Row)> _opened = [];
    private List<(TKey Key, long Row)> _sorted = [];
    private Dictionary<TKey, long> _open = [];
    private Dictionary<TKey, long> _frozen = [];
    private int _written;
    private int _slice;
    private int _due;
    private long _rows;
    private long _sortedThrough;

    /// <summary>Every row up to this one is in the index in the file.</summary>
    public long Through { get; private set; }

    /// <summary>What <see cref="Through"/> becomes when the present slice is published.</summary>
    public long ThroughAfterSlice => _sorted.Count > 0 && _written + _slice == _sorted.Count ? _sortedThrough : Through;

    /// <summary>Starts anew from the rows that the file's index does not cover, in their order.</summary>
    public void Load(long through, IEnumerable<(TKey Key, long Row)> rows)
    {
        lock (_gate)
        {
            (_open, _frozen, _opened, _sorted, _written, _slice) = ([], [], [], [], 0, 0);
            Discard();
            Through = _rows = _sortedThrough = through;
            foreach (var (key, row) in rows)
            {
                _opened.Add((key, row));
                _open[key] = row;
                _rows = row;
            }
        }

        Freeze();
    }

    /// <summary>The number of the next row, for a row with this key.</summary>
    /// <exception cref="TidelineException">Internal: the key has a row already.</exception>
    public long Stage(TKey key)
    {
        // Only the writer changes these, and it is the one who asks.
        if (!_stagedKeys.Add(key) || _open.ContainsKey(key) || _frozen.ContainsKey(key)) throw new TidelineException(ErrorCode.Internal, $"{key} was to be written twice.");
        var row = _rows + _staged.Count + 1;
        _staged.Add((key, row));
        return row;
    }

    /// <summary>
    /// The keys that this commit writes into the index: now and then, and somewhat more than were staged since, so that a generation is gone before the next is full.
    /// </summary>
    public ReadOnlySpan<(TKey Key, long Row)> Slice()
    {
        var due = _due + _staged.Count;
        _slice = due < generationRows / SlicesPerGeneration ? 0 : Math.Min(_sorted.Count - _written, due + due / 2 + 1);
        return CollectionsMarshal.AsSpan(_sorted).Slice(_written, _slice);
    }

    /// <summary>After the commit: what was staged can be found, and what the file's index covers is forgotten.</summary>
    public void Publish()
    {
        _due = _slice > 0 ? 0 : _due + _staged.Count;
        Through = ThroughAfterSlice;
        _written += _slice;
        lock (_gate)
        {
            foreach (var (key, row) in _staged) _open[key] = row;
            if (_sorted.Count > 0 && _written == _sorted.Count)
            {
                _frozen.Clear();
                _sorted.Clear();
                _written = 0;
            }
        }

        _opened.AddRange(_staged);
        _rows += _staged.Count;
        Discard();
        if (_sorted.Count == 0 && _opened.Count >= generationRows) Freeze();
    }

    /// <summary>After a rollback.</summary>
    public void Discard()
    {
        _staged.Clear();
        _stagedKeys.Clear();
        _slice = 0;
    }

    /// <summary>The row of a key that may not be in the file's index yet. Look here first: a key leaves only after its index row is committed.</summary>
    public bool TryFind(TKey key, out long row)
    {
        lock (_gate) return _open.TryGetValue(key, out row) || _frozen.TryGetValue(key, out row);
    }

    private void Freeze()
    {
        _opened.Sort(_byKey);
        lock (_gate) (_open, _frozen) = (_frozen, _open);
        (_opened, _sorted) = (_sorted, _opened);
        _sortedThrough = _rows;
    }
}
