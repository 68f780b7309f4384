using System.Globalization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// I8: what the views hold at a position is the fold of the ledger up to it. Documents are read first and the ledger
/// after them, so that the ledger can only be ahead; each is then compared at its own clock, whatever is written
/// meanwhile. Customers are taken in groups, each with one walk over the events, so memory is bounded.
/// </summary>
internal sealed class ViewCheck(GeneralLedger ledger, IViewStore views, ProjectionHost projections, DateOnly today)
{
    private readonly ViewNames _names = projections.Projector.Names;
    private readonly List<string> _findings = [];
    private readonly SortedSet<Guid> _known = [];
    private long _customers;
    private long _transactions;
    private long _behind;
    private long _events;

    private bool IsFull => _findings.Count >= Limits.VerifyFindings;

    public async Task<(IReadOnlyList<string> Findings, string Seen)> RunAsync(bool deep, CancellationToken cancel)
    {
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
                $"{ViewRepair.Command} builds one customer anew from the ledger, ./tideline projections rebuild " +
                "--force every document.");
        return (_findings, Seen());
    }

    private async Task CheckAllAsync(bool deep, CancellationToken cancel)
    {
        if (projections.Projector.StateFault is { } broken) _findings.Add(broken);
        if (projections.Letters.Fault is { } unknown) _findings.Add(unknown);
        await CheckWatermarksAsync(cancel);
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if (!deep)
            {
                await CheckAsync(await ViewSample.EvenlyAsync(
                    ledger.Reader(shard), Limits.VerifySampleCustomers / ledger.Map.Shards + 1, cancel), cancel);
                continue;
            }

            var after = Guid.Empty;
            while (!IsFull && await ledger.Reader(shard)
                .GetCustomersAsync(after, Limits.VerifyGroupCustomers, cancel) is { Count: > 0 } group)
            {
                await CheckAsync([.. group.Select(customer => customer.Id)], cancel);
                after = group[^1].Id;
            }
        }

        _events += await new ViewEventCheck(ledger, views, _names, IsKnown, deep, _findings).RunAsync(cancel);
        if (!IsFull) await new OrphanCheck(ledger, views, _names, deep, _findings).FindAsync(cancel);
    }

    private string Seen()
    {
        var seen =
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Counted.Of(_customers, "customer")}, {Counted.Of(_transactions, "transaction")} and "
                    + $"{Counted.Of(_events, "event")} of version {_names.Version}");
        // What the views have not seen was not compared with anything: a reader must not take it for sound.
        if (_behind > 0)
            seen = $"{seen}; {Counted.Of(_behind, "event")} behind, not compared";
        return _known.Count == 0 ? seen
            : $"{seen}; {Counted.Of(_known.Count, "customer")} behind because of dead letters: "
                + string.Join(", ", _known.Take(Limits.VerifyFindings));
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
                    $"The views stand at {shard}:{watermark.Seq}, but the newest event of the ledger is " +
                    $"{shard}:{head.EventSeq}.");
            }
        }
    }

    private async Task CheckAsync(IReadOnlyList<Guid> customers, CancellationToken cancel)
    {
        if (IsFull || customers.Count == 0) return;
        var known = customers.Where(IsKnown).ToHashSet();
        // Events at or below these are in the documents that are read next.
        var watermarks = new long[ledger.Map.Shards];
        for (var shard = 0; shard < watermarks.Length; shard++)
            watermarks[shard] = (await views.GetWatermarkAsync(_names.Projection, shard, cancel)).Seq;
        var folds = customers.ToDictionary(id => id, _ => new CustomerFold());
        foreach (var ids in customers.Chunk(Limits.PageRows))
        {
            foreach (var document in await views.ReadAsync(_names.Customers,
                [.. ids.Select(id => id.ToString())], cancel)) folds[Guid.Parse(document.Id)].Read(document, _findings);
        }

        for (var shard = 0; shard < watermarks.Length; shard++)
            await WalkAsync(shard, watermarks[shard], folds, cancel);
        // Whoever was blocked or unblocked meanwhile is known too.
        known.UnionWith(customers.Where(IsKnown));
        foreach (var (id, fold) in folds)
        {
            if (fold.HasDocument) _customers++;
            var finding = fold.Judge(id, today);
            if (finding is not null && known.Contains(id)) _known.Add(id);
            else if (finding is not null) _findings.Add(finding);
        }
    }

    private bool IsKnown(Guid customer) => projections.Letters.IsBlocked(customer)
        || projections.Letters.HasDiscarded(customer);

    private async Task WalkAsync(
        int shard, long watermark, Dictionary<Guid, CustomerFold> folds, CancellationToken cancel)
    {
        var until = (await ledger.Reader(shard).GetHeadAsync(cancel)).EventSeq;
        for (var seq = 0L; seq < until && !IsFull;)
        {
            var events = await ledger.Reader(shard)
                .GetEventsAsync(seq, (int)Math.Min(Limits.EventBatch, until - seq), cancel);
            // A gap is I9's to report.
            if (events.Count == 0) return;
            seq = events[^1].Position.Seq;
            var entries = new Dictionary<string, TransactionDocument>(StringComparer.Ordinal);
            foreach (var happened in events)
            {
                var projected = ProjectedEvent.From(happened);
                if (folds.TryGetValue(projected.Key, out var fold)
                    && fold.Add(happened, isDue: happened.Position.Seq <= watermark) is { } entry)
                    entries[TransactionDocument.IdOf(entry.TransactionId, entry.AccountId)] = entry;
            }

            if (entries.Count > 0) await CompareAsync(entries, cancel);
        }
    }

    // A clock that covers an event proves that the event's entry was written before.
    private async Task CompareAsync(Dictionary<string, TransactionDocument> entries, CancellationToken cancel)
    {
        _transactions += entries.Count;
        var found = (await views.ReadAsync(_names.Transactions, [.. entries.Keys], cancel))
            .ToDictionary(document => document.Id, StringComparer.Ordinal);
        foreach (var (id, entry) in entries)
        {
            if (!found.TryGetValue(id, out var document))
                Report(entry, $"Transaction document {id} of customer {entry.CustomerId} is missing.");
            else if (!CustomerFold.IsSame(document, entry))
                Report(entry, $"Transaction document {id} of customer {entry.CustomerId} is not what its event says.");
        }
    }

    private void Report(TransactionDocument entry, string finding)
    {
        if (IsKnown(entry.CustomerId)) _known.Add(entry.CustomerId);
        else if (!IsFull) _findings.Add(finding);
    }
}
