using System.Globalization;
using System.Runtime.CompilerServices;
using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// I8: a projection's content at a position is the fold of the ledger up to it. Documents are read before the ledger,
/// so that the ledger can only be ahead; each is then compared at its own clock, whatever is written meanwhile.
/// Documents are checked in groups, each with one walk over the events, so memory is bounded.
/// </summary>
internal sealed class ViewCheck(GeneralLedger ledger, IViewStore views, Projection projection, DateOnly today,
    Action<int, long, long> advanced)
{
    private readonly ViewNames _names = projection.Projector.Names;
    private readonly ProjectionDefinition _definition = projection.Definition;
    private readonly SourceHistory _sources = new(ledger.Epochs);
    private readonly List<string> _findings = [];
    private readonly SortedSet<string> _known = new(StringComparer.Ordinal);
    private RowsCheck _rows = null!;
    private long _documents;
    private long _behind;

    private bool IsFull => _findings.Count >= AuditLimits.VerifyFindings;

    public async Task<(IReadOnlyList<string> Findings, string Seen)> RunAsync(bool deep, CancellationToken cancel)
    {
        _rows = new RowsCheck(ledger, views, _names, IsKnown, _findings, advanced);
        try
        {
            await CheckAllAsync(deep, cancel);
        }
        catch (TidelineException fault)
        {
            _findings.Add($"The views cannot be read to the end: {fault.Message}");
        }

        if (_findings.Count > 0)
            _findings.Add(
                $"{ViewRepair.CommandFor(_definition, "KEY")} rebuilds one document from the ledger; " +
                $"./tideline projections rebuild {_definition.Name} --force rebuilds all.");
        return (_findings, Seen());
    }

    private async Task CheckAllAsync(bool deep, CancellationToken cancel)
    {
        if (projection.Projector.StateFault is { } broken) _findings.Add(broken);
        if (projection.Letters.Fault is { } unknown) _findings.Add(unknown);
        await CheckWatermarksAsync(cancel);
        if (_definition.Documents is { } documents)
        {
            var group = new HashSet<string>(StringComparer.Ordinal);
            await foreach (var key in documents.Keys?.Invoke(ledger, deep, cancel) ?? KeysAsync(deep, cancel))
            {
                group.Add(key);
                if (group.Count < ViewLimits.VerifyGroupDocuments) continue;
                await CheckAsync(group, cancel);
                group.Clear();
                if (IsFull) break;
            }

            await CheckAsync(group, cancel);
        }
        else
        {
            await _rows.WalkAsync(deep, cancel);
        }

        if (!IsFull) await new OrphanCheck(ledger, views, _names, deep, _findings).FindAsync(cancel);
    }

    private string Seen()
    {
        var (documents, rows) = (Counted.Of(_documents, "document"), Counted.Of(_rows.Compared, "row"));
        var seen = string.Create(CultureInfo.InvariantCulture, $"{documents} and {rows} of version {_names.Version}");
        // Events that the views have not applied were not compared: the report must not present them as checked.
        if (_behind > 0)
            seen = $"{seen}; {Counted.Of(_behind, "event")} behind, not compared";
        _known.UnionWith(_rows.Known);
        return _known.Count == 0 ? seen
            : $"{seen}; {Counted.Of(_known.Count, "key")} behind because of dead letters: "
                + string.Join(", ", _known.Take(AuditLimits.VerifyFindings));
    }

    private async Task CheckWatermarksAsync(CancellationToken cancel)
    {
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            var watermark = await views.GetWatermarkAsync(_names.Projection, shard, cancel);
            var head = await ledger.Reader(shard).GetHeadAsync(cancel);
            _behind += Math.Max(0, head.EventSeq - watermark.Seq);
            if (watermark.Seq > head.EventSeq)
            {
                _findings.Add(
                    $"{_definition.Name} is at {shard}:{watermark.Seq}, but the newest event of the ledger is " +
                    $"{shard}:{head.EventSeq}.");
            }
        }
    }

    // If nothing else lists the expected documents, the events and the existing documents do. An ordinary check takes
    // the first of them.
    private async IAsyncEnumerable<string> KeysAsync(
        bool deep, [EnumeratorCancellation] CancellationToken cancel)
    {
        var after = "";
        while (true)
        {
            var next = new SortedSet<string>(StringComparer.Ordinal);
            await foreach (var id in DocumentIds.OfAsync(views, _names.Documents, cancel)) Take(next, id, after);
            for (var shard = 0; shard < ledger.Map.Shards; shard++)
            {
                await foreach (var happened in EventsAsync(shard, cancel))
                {
                    if (ViewApplier.KeyOf(_definition, happened) is { } key) Take(next, key, after);
                }
            }

            foreach (var key in next) yield return key;
            if (!deep || next.Count < ViewLimits.VerifyGroupDocuments) yield break;
            after = next.Max!;
        }
    }

    private static void Take(SortedSet<string> next, string key, string after)
    {
        if (string.CompareOrdinal(key, after) <= 0) return;
        next.Add(key);
        if (next.Count > ViewLimits.VerifyGroupDocuments) next.Remove(next.Max!);
    }

    private async Task CheckAsync(HashSet<string> keys, CancellationToken cancel)
    {
        if (IsFull || keys.Count == 0) return;
        var known = keys.Where(IsKnown).ToHashSet();
        // The documents that are read next contain all events up to these.
        var watermarks = new long[ledger.Map.Shards];
        for (var shard = 0; shard < watermarks.Length; shard++)
            watermarks[shard] = (await views.GetWatermarkAsync(_names.Projection, shard, cancel)).Seq;
        var folds = keys.ToDictionary(key => key, key => new DocumentFold(_definition, key));
        foreach (var ids in keys.Chunk(Limits.PageRows))
        {
            foreach (var document in await views.ReadAsync(_names.Documents, ids, cancel))
                folds[document.Id].Read(document, _findings);
        }

        for (var shard = 0; shard < watermarks.Length; shard++)
            await WalkAsync(shard, watermarks[shard], folds, cancel);
        // Keys that were blocked or unblocked meanwhile are also known.
        known.UnionWith(keys.Where(IsKnown));
        foreach (var (key, fold) in folds)
        {
            if (fold.HasDocument) _documents++;
            var finding = fold.Judge(today);
            if (finding is not null && known.Contains(key)) _known.Add(key);
            else if (finding is not null) _findings.Add(finding);
        }
    }

    private bool IsKnown(string key) => projection.Letters.IsBehind(key);

    private async Task WalkAsync(
        int shard, long watermark, Dictionary<string, DocumentFold> folds, CancellationToken cancel)
    {
        // If a clock covers an event, the event's rows were written before.
        var covered = new List<ProjectedEvent>();
        await foreach (var happened in EventsAsync(shard, cancel))
        {
            if (IsFull) return;
            if (ViewApplier.KeyOf(_definition, happened) is { } key && folds.TryGetValue(key, out var fold)
                && fold.Add(happened, isDue: happened.Event.Position.Seq <= watermark)) covered.Add(happened);
            if (covered.Count < Limits.EventBatch) continue;
            await _rows.CompareAsync(covered, cancel);
            covered.Clear();
        }

        await _rows.CompareAsync(covered, cancel);
    }

    // Up to the present head. Gaps are reported by I9.
    private async IAsyncEnumerable<ProjectedEvent> EventsAsync(
        int shard, [EnumeratorCancellation] CancellationToken cancel)
    {
        var until = (await ledger.Reader(shard).GetHeadAsync(cancel)).EventSeq;
        for (var seq = 0L; seq < until;)
        {
            var events = await ledger.Reader(shard)
                .GetEventsAsync(seq, (int)Math.Min(Limits.EventBatch, until - seq), cancel);
            if (events.Count == 0) yield break;
            advanced(shard, seq, until);
            seq = events[^1].Position.Seq;
            foreach (var happened in events) yield return ProjectedEvent.From(happened, _sources);
        }
    }
}
