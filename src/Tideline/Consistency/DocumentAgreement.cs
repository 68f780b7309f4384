using System.Globalization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>How a document and the rows that it shares with the strong tier agree. Written to no store.</summary>
/// <param name="Key">The document's key.</param>
/// <param name="Order">What its clock is to the ledger's: <c>equal</c>, <c>behind</c>, <c>ahead</c> or
/// <c>concurrent</c>.</param>
/// <param name="Verdict">
/// <c>agrees</c>; <c>lag</c>: the views have not reached the events that are missing; <c>waits</c>: they are dead
/// letters; <c>lost-update</c>: the views are past them; <c>conflict</c>: the document knows what the ledger does not;
/// <c>view-edited</c>, <c>ledger-edited</c>, <c>both-edited</c>: at one version, document or row is not the fold of the
/// events; <c>missing</c> and <c>damaged</c>: there is no document that can be read.
/// </param>
/// <param name="Detail">A sentence for operators.</param>
/// <param name="Aggregates">Each aggregate with its version in both; null where it is not there.</param>
public sealed record AgreementReport(
    string Key, string Order, string Verdict, string Detail, IReadOnlyList<AggregateAgreement> Aggregates)
{
    /// <summary>Whether nothing is wrong: lag ends by itself.</summary>
    public bool IsWell => Verdict is "agrees" or "lag";
}

/// <summary>An aggregate of a document.</summary>
/// <param name="Id">The customer, account or other aggregate.</param>
/// <param name="ViewVersion">Its version in the document.</param>
/// <param name="LedgerVersion">Its version in the strong tier.</param>
/// <param name="Verdict"><c>agrees</c>, <c>behind</c>, <c>ahead</c>, <c>view-edited</c>, <c>ledger-edited</c> or
/// <c>both-edited</c>.</param>
public sealed record AggregateAgreement(Guid Id, long? ViewVersion, long? LedgerVersion, string Verdict);

/// <summary>
/// Compares one document with the strong tier while traffic runs: clock with clock, and at equal versions figure with
/// figure. Lag and a lost update are told apart by the watermark, and who was edited by a third witness: the fold of
/// the events.
/// </summary>
public sealed class DocumentAgreement
{
    private const string Agrees = "agrees", Behind = "behind", Ahead = "ahead";
    private readonly GeneralLedger _ledger;
    private readonly Projection _projection;
    private readonly IViewStore _views;

    /// <param name="ledger">The strong tier.</param>
    /// <param name="projection">The documents.</param>
    /// <param name="views">Where they are.</param>
    public DocumentAgreement(GeneralLedger ledger, Projection projection, IViewStore views) =>
        (_ledger, _projection, _views) = (ledger, projection, views);

    /// <summary>Compares the document of a key.</summary>
    /// <exception cref="TidelineException">NotFound: the projection's documents share nothing with rows, or neither
    /// tier knows the key.</exception>
    public async Task<AgreementReport> CompareAsync(string key, CancellationToken cancel)
    {
        if (_projection.Definition.Documents is not { SharedWithLedger: { } shared } documents)
            throw new TidelineException(
                ErrorCode.NotFound, $"The documents of {_projection.Name} share no rows with the ledger; "
                    + "./tideline verify --deep folds them from the events.");
        var (stored, damage) = await ReadAsync(documents, key, cancel);
        // After the document: the ledger can only be ahead of it.
        var rows = await shared.OfLedger(_ledger, key, cancel);
        if (stored is null) return await WithoutDocumentAsync(key, rows, damage, cancel);
        var held = shared.OfDocument(stored);
        if (rows is not null && OrderOf(held, rows) == ClockOrder.Behind)
        {
            // What is missing is at or before these heads. Once the views are past them, it is lost.
            var isPast = await IsPastAsync(await HeadsAsync(cancel), cancel);
            if ((await ReadAsync(documents, key, cancel)).Document is { } later) held = shared.OfDocument(later);
            if (OrderOf(held, rows) is ClockOrder.Behind)
            {
                return Report(key, held, rows, [], isPast ? IsWaiting(key) ? "waits" : "lost-update" : "lag");
            }

            rows = await shared.OfLedger(_ledger, key, cancel) ?? rows;
        }

        rows ??= new Dictionary<Guid, Digest>();
        var order = OrderOf(held, rows);
        if (order is ClockOrder.Behind) return Report(key, held, rows, [], "lag");
        if (order is ClockOrder.Ahead or ClockOrder.Concurrent) return Report(key, held, rows, [], "conflict");
        var blamed = await BlameAsync(shared, held, rows, cancel);
        var verdicts = blamed.Values.Distinct().ToList();
        return Report(
            key, held, rows, blamed, verdicts switch { [] => Agrees, [var one] => one, _ => "both-edited" });
    }

    private bool IsWaiting(string key) => _projection.Letters.IsBehind(key);

    private async Task<(object? Document, string? Damage)> ReadAsync(
        DocumentCollection documents, string key, CancellationToken cancel)
    {
        var found = await _views.ReadAsync(_projection.Projector.Names.Documents, [key], cancel);
        return found is [var stored] ? (documents.Read(stored, out var damage), damage) : (null, null);
    }

    private async Task<AgreementReport> WithoutDocumentAsync(
        string key, IReadOnlyDictionary<Guid, Digest>? rows, string? damage, CancellationToken cancel)
    {
        if (rows is null && damage is null)
            throw new TidelineException(
                ErrorCode.NotFound, $"Neither the ledger nor the views know {key} of {_projection.Name}.");
        var none = new Dictionary<Guid, Digest>();
        if (damage is not null) return Report(key, none, rows ?? none, [], "damaged", damage);
        return Report(
            key, none, rows!, [], !await IsPastAsync(await HeadsAsync(cancel), cancel) ? "lag"
                : IsWaiting(key) ? "waits" : "missing");
    }

    private async Task<long[]> HeadsAsync(CancellationToken cancel)
    {
        var heads = new long[_ledger.Map.Shards];
        for (var shard = 0; shard < heads.Length; shard++)
            heads[shard] = (await _ledger.Reader(shard).GetHeadAsync(cancel)).EventSeq;
        return heads;
    }

    private async Task<bool> IsPastAsync(long[] heads, CancellationToken cancel)
    {
        var wait = TimeSpan.FromMilliseconds(QueryLimits.ListWaitMs);
        var reached = await Task.WhenAll(heads.Select(
            (head, shard) => _projection.Projector.WaitForAsync(shard, head, wait, cancel)));
        return reached.All(isReached => isReached);
    }

    // Of aggregates with equal versions and other figures: who is not the fold of the events.
    private async Task<Dictionary<Guid, string>> BlameAsync(
        SharedAggregates<object> shared, IReadOnlyDictionary<Guid, Digest> held,
        IReadOnlyDictionary<Guid, Digest> rows, CancellationToken cancel)
    {
        var blamed = new Dictionary<Guid, string>();
        foreach (var (id, row) in rows.Where(each => held[each.Key] != each.Value))
        {
            var fold = await FoldAsync(shared, id, row.Versions, cancel);
            blamed[id] = fold == row ? "view-edited" : fold == held[id] ? "ledger-edited" : "both-edited";
        }

        return blamed;
    }

    private async Task<Digest> FoldAsync(
        SharedAggregates<object> shared, Guid id, long version, CancellationToken cancel)
    {
        var (sum, reader) = (default(Digest), _ledger.ReaderOf(id));
        for (var seq = 0L; await reader.GetEventsAsync(seq, Limits.EventBatch, cancel) is { Count: > 0 } page;)
        {
            foreach (var happened in page.Where(each => each.Subject == id && each.Version <= version))
                sum += shared.OfEvent(happened, EventData.Parse(happened.Data.Span));
            if (sum.Versions >= version) break;
            seq = page[^1].Position.Seq;
        }

        return sum;
    }

    private static ClockOrder OrderOf(IReadOnlyDictionary<Guid, Digest> held, IReadOnlyDictionary<Guid, Digest> rows) =>
        VectorClock.Compare(ClockOf(held), ClockOf(rows));

    private static Dictionary<Guid, long> ClockOf(IReadOnlyDictionary<Guid, Digest> aggregates) =>
        aggregates.ToDictionary(each => each.Key, each => each.Value.Versions);

    private AgreementReport Report(
        string key, IReadOnlyDictionary<Guid, Digest> held, IReadOnlyDictionary<Guid, Digest> rows,
        Dictionary<Guid, string> blamed, string verdict, string? damage = null)
    {
        var aggregates = held.Keys.Union(rows.Keys).Order().Select(id =>
        {
            var (view, row) = (held.TryGetValue(id, out var one) ? one.Versions : (long?)null,
                rows.TryGetValue(id, out var other) ? other.Versions : (long?)null);
            return new AggregateAgreement(
                id, view, row, blamed.GetValueOrDefault(id)
                    ?? ((view ?? 0) < (row ?? 0) ? Behind : (view ?? 0) > (row ?? 0) ? Ahead : Agrees));
        }).ToList();
        var order = OrderOf(held, rows).ToString().ToLower(CultureInfo.InvariantCulture);
        return new AgreementReport(key, order, verdict, Sentence(key, verdict, damage), aggregates);
    }

    private string Sentence(string key, string verdict, string? damage)
    {
        var repair = $"{ViewRepair.CommandFor(_projection.Definition, key)} builds it anew.";
        return verdict switch
        {
            Agrees => "Document and rows are the same.",
            "lag" => "The views have not reached the newest events yet.",
            "waits" => "Events of it are dead letters, or were given up: ./tideline dlq list.",
            "lost-update" => $"The views are past events that the document lacks. {repair}",
            "conflict" => $"The document has events that the ledger does not have. {repair}",
            "view-edited" => $"The document was edited outside the program. {repair}",
            "ledger-edited" => "A row of the ledger was edited outside the program, and is not repaired by it: "
                + "restore it from its events or a backup.",
            "missing" => $"There is no document, though the views are past its events. {repair}",
            "damaged" => $"The document cannot be read: {damage}. {repair}",
            _ => $"Document and rows were edited outside the program. {repair}",
        };
    }
}
