using Tideline.Engines.Views;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// The view tier of a simulated installation: what is left of it when every process has ended. Processes hold handles
/// on it, <see cref="SimulatedViewStore"/>.
/// </summary>
/// <param name="keptChanges">Changes kept in the change log.</param>
internal sealed class ViewDisk(int keptChanges = ViewDisk.KeptChanges)
{
    private const int KeptChanges = 1_000_000;

    // So many batches can be lost at once; older ones are durable.
    private const int KeptBatches = 256;

    private readonly SortedDictionary<string, ViewCollection> _collections = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _published = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Projection, int Shard), WatermarkRow> _watermarks = [];
    private readonly List<ViewBatch> _losable = [];

    /// <summary>Batches that a failing machine may lose.</summary>
    public int LosableBatches
    {
        get
        {
            lock (Gate) return _losable.Count;
        }
    }

    /// <summary>Guards everything.</summary>
    internal Lock Gate { get; } = new();

    internal ViewChanges Changes { get; } = new(keptChanges);

    internal ViewStates States { get; } = new();

    internal IReadOnlyList<string> Collections => [.. _collections.Keys];

    /// <summary>
    /// A machine lost the newest calls that moved a watermark, with their watermarks: no more of them than came after
    /// the last call of another kind, which is durable with all before it. Answers how many.
    /// </summary>
    public int LoseNewest(int batches)
    {
        lock (Gate)
        {
            var lost = Math.Min(batches, _losable.Count);
            for (var left = lost; left > 0; left--)
            {
                Undo(_losable[^1]);
                Changes.Lose(_losable[^1].ChangesThrough);
                _losable.RemoveAt(_losable.Count - 1);
            }

            return lost;
        }
    }

    /// <summary>
    /// Everything is lost; or, with <paramref name="keepsCollections"/>, all but the empty collections, as where the
    /// next write makes them again.
    /// </summary>
    public void Wipe(bool keepsCollections = false)
    {
        lock (Gate)
        {
            var kept = keepsCollections ? _collections.Values.Select(each => each.Definition).ToList() : [];
            _collections.Clear();
            foreach (var definition in kept) _collections.Add(definition.Name, new ViewCollection(definition));
            _published.Clear();
            _watermarks.Clear();
            _losable.Clear();
            States.Clear();
            Changes.Wipe();
        }
    }

    /// <summary>
    /// Another program edits the JSON of a document, and neither its revision nor its place in the indexes. Nothing
    /// where there is none.
    /// </summary>
    public void Edit(string collection, string id, Func<ReadOnlyMemory<byte>, byte[]> edit) =>
        Tamper(collection, id, row => row with { Json = edit(row.Json) });

    /// <summary>Another program damages a document; readers hear how. Nothing where there is none.</summary>
    public void Damage(string collection, string id, string sentence) =>
        Tamper(collection, id, row => row with { Damage = sentence });

    /// <summary>Another program puts back what it damaged.</summary>
    public void Heal(string collection, string id) => Tamper(collection, id, row => row with { Damage = null });

    /// <summary>A document as it is kept; null: there is none.</summary>
    public ViewRow? Row(string collection, string id)
    {
        lock (Gate) return Find(collection)?.Get(id);
    }

    /// <summary>The ids of a collection's documents, in order.</summary>
    public IReadOnlyList<string> IdsOf(string collection)
    {
        lock (Gate) return Find(collection)?.Ids ?? [];
    }

    /// <summary>Another program removes a document.</summary>
    public void Remove(string collection, string id) => Tamper(collection, id, _ => null);

    /// <summary>Another program writes a document whose id is no text.</summary>
    public void AddForeign(string collection, string id)
    {
        lock (Gate) Collection(collection).Foreign.Add(id);
    }

    /// <summary>Another program overwrites a state with what cannot be read.</summary>
    public void BreakState(string name)
    {
        lock (Gate) States.Break(name);
    }

    /// <summary>The collection that a published name leads to; null if the name is not published.</summary>
    public string? Published(string name)
    {
        lock (Gate) return _published.GetValueOrDefault(name);
    }

    /// <summary>A collection, under the <see cref="Gate"/>.</summary>
    /// <exception cref="TidelineException">NotFound.</exception>
    internal ViewCollection Collection(string name) => Find(name)
        ?? throw new TidelineException(ErrorCode.NotFound, $"There is no collection '{name}'.");

    internal ViewCollection? Find(string name) => _collections.GetValueOrDefault(name);

    /// <summary>Makes a collection; answers whether it was not there.</summary>
    /// <exception cref="TidelineException">InvalidInput. IncompatibleData: it exists with another definition.
    /// </exception>
    internal bool Ensure(CollectionDefinition definition)
    {
        CollectionRules.Check(definition);
        Settle();
        if (Find(definition.Name) is not { } known)
        {
            _collections.Add(definition.Name, new ViewCollection(definition));
            return true;
        }

        return known.IsMadeBy(definition) ? false : throw new TidelineException(ErrorCode.IncompatibleData,
            $"The collection '{definition.Name}' exists with another definition.");
    }

    internal void Drop(string name)
    {
        Settle();
        _collections.Remove(name);
    }

    internal string? Publish(string name, string collection)
    {
        Collection(collection);
        CollectionRules.CheckName(name);
        if (_collections.ContainsKey(name)) return $"'{name}' is a collection of this store.";
        Settle();
        _published[name] = collection;
        return null;
    }

    /// <summary>As <see cref="IViewStore.WriteBatchAsync"/>. A call that is refused leaves nothing.</summary>
    internal IReadOnlyList<IReadOnlyList<bool>> Write(
        IReadOnlyList<CollectionWrites> groups, IReadOnlyList<WatermarkMove> watermarks)
    {
        var collections = groups.Select(group => Collection(group.Collection)).ToArray();
        var batch = new ViewBatch(Changes.Last);
        try
        {
            var (applied, moves) = (new bool[groups.Count][], true);
            for (var at = 0; at < applied.Length; at++)
            {
                applied[at] = Write(collections[at], groups[at].Writes, batch);
                moves &= !groups[at].MustApply || !applied[at].AsSpan().Contains(false);
            }

            if (moves) Move(watermarks, batch);
            if (watermarks.Count == 0) Settle();
            else _losable.Add(batch);
            if (_losable.Count > KeptBatches) _losable.RemoveAt(0);
            return applied;
        }
        catch
        {
            Undo(batch);
            Changes.TakeBack(batch.ChangesThrough);
            throw;
        }
    }

    internal Watermark Watermark(string projection, int shard) =>
        _watermarks.GetValueOrDefault((projection, shard))?.Watermark ?? default;

    internal void Set(WatermarkMove move)
    {
        Fence(move);
        Settle();
        _watermarks[(move.Projection, move.Shard)] = new WatermarkRow(move.Watermark, Math.Max(0, move.Epoch));
    }

    /// <summary>Everything is durable from here on.</summary>
    internal void Settle() => _losable.Clear();

    /// <summary>Removes documents whatever they are.</summary>
    internal void Remove(string collection, IReadOnlyList<string> ids)
    {
        var there = Collection(collection);
        Settle();
        foreach (var id in ids)
        {
            there.Foreign.Remove(id);
            if (there.Get(id) is null) continue;
            there.Put(id, null);
            if (there.Definition.LogChanges) Changes.Add(collection, id, "delete", 0);
        }
    }

    private void Tamper(string collection, string id, Func<ViewRow, ViewRow?> edit)
    {
        lock (Gate)
        {
            Settle();
            if (Find(collection)?.Get(id) is { } row) Collection(collection).Put(id, edit(row));
        }
    }

    private bool[] Write(ViewCollection there, IReadOnlyList<DocumentWrite> writes, ViewBatch batch)
    {
        var applied = new bool[writes.Count];
        for (var at = 0; at < applied.Length; at++)
        {
            var write = writes[at];
            CollectionRules.Check(write);
            var before = there.Get(write.Id);
            if (!(applied[at] = there.TryWrite(write))) continue;
            batch.Rows.Add((there, write.Id, before));
            if (!there.Definition.LogChanges) continue;
            var operation = write.Json is null ? "delete" : write.ExpectedRevision == 0 ? "insert" : "replace";
            Changes.Add(there.Definition.Name, write.Id, operation, write.Revision);
        }

        return applied;
    }

    // Never back, but the epoch counts.
    private void Move(IReadOnlyList<WatermarkMove> watermarks, ViewBatch batch)
    {
        foreach (var move in watermarks)
        {
            Fence(move);
            var key = (move.Projection, move.Shard);
            var before = _watermarks.GetValueOrDefault(key);
            move.RequireKept(before?.Watermark.Seq ?? 0);
            batch.Watermarks.Add((key, before));
            var stands = before is not null && before.Watermark.Seq >= move.Watermark.Seq;
            _watermarks[key] = new WatermarkRow(
                stands ? before!.Watermark : move.Watermark, Math.Max(0, move.Epoch));
        }
    }

    private void Fence(WatermarkMove move) => ViewStates.Fence(
        _watermarks.GetValueOrDefault((move.Projection, move.Shard))?.Epoch ?? 0, move.Epoch,
        $"the watermark of {move.Projection}:{move.Shard}");

    private void Undo(ViewBatch batch)
    {
        foreach (var (collection, id, before) in Enumerable.Reverse(batch.Rows)) collection.Put(id, before);
        foreach (var (key, before) in Enumerable.Reverse(batch.Watermarks))
        {
            if (before is null) _watermarks.Remove(key);
            else _watermarks[key] = before;
        }
    }
}
