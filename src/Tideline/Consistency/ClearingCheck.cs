using System.Globalization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;

namespace Tideline.Consistency;

/// <summary>
/// I12: for each owner shard and currency, clearing holds exactly what unfinished sagas have in transit. The check
/// compares the clearing accounts for the owner's sagas on all shards (its debits less its refunds here, less its
/// credits elsewhere) with the postings of those sagas. Both are read as of one moment of each shard, the time of its
/// newest commit, which no later commit can have; so traffic does not change the result. Memory: the ids of the
/// unfinished sagas.
/// </summary>
internal sealed class ClearingCheck(GeneralLedger ledger, SagaDefinitions definitions)
{
    private readonly SagaBooks _books = new(ledger);

    /// <summary>The shard that was read last: the one to report if a read fails.</summary>
    public int At => _books.At;

    private TransactionCheck Transactions => new(ledger, _books);

    /// <summary>The findings, and the number of unfinished sagas.</summary>
    public async Task<(IReadOnlyList<string> Findings, long Seen)> RunAsync(CancellationToken cancel)
    {
        // A payout has no event on the shard where it begins, so it may begin and end unnoticed: a finding must recur.
        for (var round = 1; ; round++)
        {
            var (findings, seen) = await CompareAsync(cancel);
            if (findings.Count == 0 || round == VerifyLimits.Rounds)
                return (findings, seen);
        }
    }

    private IShardReader Reader(int shard) => _books.Reader(shard);

    private async Task<(List<string> Findings, long Seen)> CompareAsync(CancellationToken cancel)
    {
        var shards = ledger.Map.Shards;
        var (begin, sagas) = (new long[shards], new HashSet<Guid>[shards]);
        for (var owner = 0; owner < shards; owner++)
        {
            begin[owner] = (await Reader(owner).GetHeadAsync(cancel)).EventSeq;
            sagas[owner] = [];
            await AddUnfinishedAsync(owner, sagas[owner], cancel);
        }

        var heads = new ShardHead[shards];
        for (var shard = 0; shard < shards; shard++)
            heads[shard] = await Reader(shard).GetHeadAsync(cancel);
        var (findings, seen) = (new List<string>(), 0L);
        for (var owner = 0; owner < shards; owner++)
        {
            await AddBegunAsync(owner, begin[owner], heads[owner].EventSeq, sagas[owner], cancel);
            await AddUnfinishedAsync(owner, sagas[owner], cancel);
            seen += sagas[owner].Count;
            findings.AddRange(await CompareAsync(owner, sagas[owner], heads, cancel));
        }

        return (findings, seen);
    }

    private async Task<IEnumerable<string>> CompareAsync(
        int owner, HashSet<Guid> sagas, ShardHead[] heads, CancellationToken cancel)
    {
        var underWay = new SortedDictionary<string, Int128>(StringComparer.Ordinal);
        foreach (var ids in sagas.Chunk(Limits.PageRows))
        {
            var rows = await Reader(owner).GetSagasAsync(ids, cancel);
            await _books.ReadAheadAsync(rows.SelectMany(row => BookedBy(row, owner)), cancel);
            foreach (var row in rows) await AddAsync(owner, row, heads, underWay, cancel);
        }

        var clearing = await ClearingAsync(owner, heads, cancel);
        var findings = new List<string>();
        foreach (var currency in underWay.Keys.Union(clearing.Keys, StringComparer.Ordinal).Order())
        {
            var (held, moving) = (clearing.GetValueOrDefault(currency), underWay.GetValueOrDefault(currency));
            if (held == moving) continue;
            findings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"Shard {owner}: {held} {currency} minor units are on clearing for its sagas, "
                + $"but its unfinished sagas have {moving} in transit."));
        }

        return findings;
    }

    private async Task AddUnfinishedAsync(int owner, HashSet<Guid> sagas, CancellationToken cancel)
    {
        var after = Guid.Empty;
        while (await Reader(owner).GetSagasAsync(null, after, Limits.PageRows, cancel) is { Count: > 0 } rows)
        {
            foreach (var row in rows)
                sagas.Add(row.Id);
            after = rows[^1].Id;
        }
    }

    // A saga that began and ended meanwhile is not listed as unfinished; the event of its debit reveals it.
    private async Task AddBegunAsync(
        int owner, long afterSeq, long throughSeq, HashSet<Guid> sagas, CancellationToken cancel)
    {
        while (afterSeq < throughSeq)
        {
            var limit = (int)Math.Min(Limits.EventBatch, throughSeq - afterSeq);
            var events = await Reader(owner).GetEventsAsync(afterSeq, limit, cancel);
            if (events.Count == 0)
                return;
            foreach (var happened in events)
            {
                // A transaction across shards may begin with a credit here.
                if (happened.Type is EventType.AccountDebited or EventType.AccountCredited
                    && EventData.Parse(happened.Data.Span).SagaId is { } saga
                    && ledger.Map.ShardOf(saga) == owner)
                    sagas.Add(saga);
            }

            afterSeq = events[^1].Position.Seq;
        }
    }

    // The transactions that a saga may have made.
    private IEnumerable<(int Shard, Guid Transaction)> BookedBy(SagaRow row, int owner) =>
        row.Definition == TransactionSaga.Name ? Transactions.PartsOf(row)
            : PostingsOf(row, owner).Select(one => (ledger.Map.ShardOf(one.AccountId), one.TransactionId));

    // Its postings against clearing that were booked at the chosen moment of their shard.
    private async Task AddAsync(
        int owner, SagaRow row, ShardHead[] heads, SortedDictionary<string, Int128> underWay, CancellationToken cancel)
    {
        if (row.Definition == TransactionSaga.Name)
        {
            await AddTransactionAsync(row, heads, underWay, cancel);
            return;
        }

        foreach (var posting in PostingsOf(row, owner))
        {
            var shard = ledger.Map.ShardOf(posting.AccountId);
            if (
                await _books.FindAsync(posting, row.Id, owner, cancel) is not { Fault: null } booked
                || booked.TimeUs > heads[shard].TimeUs)
                continue;
            underWay[posting.Currency] = underWay.GetValueOrDefault(posting.Currency) - posting.AmountMinor;
        }
    }

    private async Task AddTransactionAsync(
        SagaRow row, ShardHead[] heads, SortedDictionary<string, Int128> underWay, CancellationToken cancel)
    {
        foreach (var shard in TransactionSaga.Read(row).Order.ShardsOf(ledger.Map))
        {
            foreach (var (currency, minor) in await Transactions.OnClearingAsync(
                row, shard, heads[shard].TimeUs, cancel))
                underWay[currency] = underWay.GetValueOrDefault(currency) + minor;
        }
    }

    // The check of sagas reports a saga that cannot be read; here its money is missing.
    private IEnumerable<SagaPosting> PostingsOf(SagaRow row, int owner)
    {
        if (definitions.Find(row) is not { } definition || SagaJson.DataOf(row) is not { } data)
            yield break;
        var suspense = ledger.SystemAccounts.Id(AccountKind.Suspense, Currency.Parse(data.Currency), owner);
        foreach (var step in definition.Steps)
        {
            if (step.Forward?.Invoke(data, row.Id) is { } forward)
                yield return forward;
            if (step.Compensation?.Invoke(data, row.Id) is not { } refund)
                continue;
            yield return refund;
            yield return SagaPostings.ToSuspense(refund, row.Id, suspense);
        }
    }

    private async Task<SortedDictionary<string, Int128>> ClearingAsync(
        int owner, ShardHead[] heads, CancellationToken cancel)
    {
        var sums = new SortedDictionary<string, Int128>(StringComparer.Ordinal);
        for (var shard = 0; shard < heads.Length; shard++)
        {
            foreach (var (currency, _, _) in await Reader(shard).GetTotalsAsync(cancel))
            {
                var account = ledger.SystemAccounts.ClearingId(currency, shard, owner);
                if (await Reader(shard).GetEntryAtAsync(account, heads[shard].TimeUs, cancel) is { } entry)
                    sums[currency.Code] = sums.GetValueOrDefault(currency.Code) + entry.PostedAfterMinor;
            }
        }

        return sums;
    }
}
