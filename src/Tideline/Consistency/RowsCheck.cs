using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// Compares the rows that events added with the events. A row never changes, so a row that differs from its first
/// version was edited by another program.
/// </summary>
internal sealed class RowsCheck(GeneralLedger ledger, IViewStore views, ViewNames names, Func<string, bool> isKnown,
    List<string> findings, Action<int, long, long> advanced)
{
    private readonly SourceHistory _sources = new(ledger.Epochs);

    /// <summary>The number of compared rows.</summary>
    public long Compared { get; private set; }

    /// <summary>Keys that are known to be behind, and that have missing or different rows.</summary>
    public SortedSet<string> Known { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Compares the rows of every event up to the watermark: an ordinary check those of batches spread evenly over the
    /// ledger, a deep one all.
    /// </summary>
    public async Task WalkAsync(bool deep, CancellationToken cancel)
    {
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            // Read the watermark first: everything it covers was written before.
            var until = (await views.GetWatermarkAsync(names.Projection, shard, cancel)).Seq;
            var stride = deep ? 1
                : Math.Max(1, until / Limits.EventBatch / VerifyLimits.LogBatches * ledger.Map.Shards);
            for (var seq = 0L; seq < until
                && findings.Count < AuditLimits.VerifyFindings; seq += stride * Limits.EventBatch)
            {
                advanced(shard, seq, until);
                var events = await ledger.Reader(shard)
                    .GetEventsAsync(seq, (int)Math.Min(Limits.EventBatch, until - seq), cancel);
                await CompareAsync([.. events.Select(each => ProjectedEvent.From(each, _sources))], cancel);
            }
        }
    }

    /// <summary>Compares the rows of these events.</summary>
    public async Task CompareAsync(IReadOnlyList<ProjectedEvent> events, CancellationToken cancel)
    {
        foreach (var rows in names.Definition.Rows)
        {
            var expected = new Dictionary<string, (DocumentWrite Row, string Key)>(StringComparer.Ordinal);
            foreach (var happened in events)
            {
                if (ViewApplier.KeyOf(names.Definition, happened) is { } key && Row(rows, happened) is { } row)
                    expected[row.Id] = (row, key);
            }

            if (expected.Count > 0) await CompareAsync(rows, expected, cancel);
        }
    }

    private async Task CompareAsync(
        RowCollection rows, Dictionary<string, (DocumentWrite Row, string Key)> expected, CancellationToken cancel)
    {
        Compared += expected.Count;
        var found = (await views.ReadAsync(names.Of(rows.Name), [.. expected.Keys], cancel))
            .ToDictionary(document => document.Id, StringComparer.Ordinal);
        foreach (var (id, (row, key)) in expected)
        {
            var isThere = found.TryGetValue(id, out var stored);
            if (isThere && rows.FindDamage(stored!) is null && ViewRepair.IsSame(stored!, row.Json!.Value)) continue;
            if (isKnown(key)) Known.Add(key);
            else if (findings.Count < AuditLimits.VerifyFindings)
                findings.Add(isThere ? $"Row {id} of {rows.Name}, of {key}, is not what its event says."
                    : $"Row {id} of {rows.Name}, of {key}, is missing, though the views are past its event.");
        }
    }

    // An event that cannot be folded adds no row.
    private static DocumentWrite? Row(RowCollection rows, ProjectedEvent happened)
    {
        try
        {
            return rows.Row(happened);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return null;
        }
    }
}
