using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Consistency;

/// <summary>
/// A saga's posting as booked on its shard: when it was booked, and what is wrong with it, if anything.
/// </summary>
internal readonly record struct Booked(long TimeUs, string? Fault);

/// <summary>
/// Looks up the transactions that sagas must have made, and compares their legs with the intended postings. Those of a
/// page of sagas are read ahead; <see cref="BookedRows"/> says what that means for commits of that time.
/// </summary>
internal sealed class SagaBooks(GeneralLedger ledger)
{
    private readonly Dictionary<int, BookedRows> _shards = [];

    /// <summary>The shard that was read last: the one to report if a read fails.</summary>
    public int At { get; private set; }

    /// <summary>Reads of a shard.</summary>
    public IShardReader Reader(int shard) => ledger.Reader(At = shard);

    /// <summary>The booked rows of a shard.</summary>
    public BookedRows Of(int shard)
    {
        At = shard;
        if (!_shards.TryGetValue(shard, out var rows)) _shards.Add(shard, rows = new BookedRows(ledger.Reader(shard)));
        return rows;
    }

    /// <summary>Reads these transactions, by shard, in a few calls, and forgets those of the last page.</summary>
    public async Task ReadAheadAsync(IEnumerable<(int Shard, Guid Transaction)> page, CancellationToken cancel)
    {
        _shards.Clear();
        foreach (var shard in page.GroupBy(one => one.Shard, one => one.Transaction))
            await Of(shard.Key).ReadAheadAsync(shard.ToHashSet(), cancel);
    }

    /// <summary>The transaction of a posting; null if there is none with its id.</summary>
    /// <param name="posting">The intended posting.</param>
    /// <param name="sagaId">The saga.</param>
    /// <param name="owner">The shard of the saga.</param>
    /// <param name="cancel">Cancels the lookup.</param>
    public async ValueTask<Booked?> FindAsync(SagaPosting posting, Guid sagaId, int owner, CancellationToken cancel)
    {
        var shard = ledger.Map.ShardOf(posting.AccountId);
        if (await Of(shard).TransactionAsync(posting.TransactionId, cancel) is not { } found)
            return null;
        var currency = Currency.Parse(posting.Currency);
        var system =
            posting.Against == AccountKind.Clearing
                ? ledger.SystemAccounts.ClearingId(currency, shard, owner)
                : ledger.SystemAccounts.Id(posting.Against, currency, shard);
        Guid[] sides = posting.AmountMinor < 0 ? [posting.AccountId, system] : [system, posting.AccountId];
        var isIt =
            found.Kind == posting.Kind
            && found.Amount == new Money(Math.Abs(posting.AmountMinor), currency)
            && found.SagaId == sagaId
            && found.Legs.Select(leg => leg.AccountId).SequenceEqual(sides);
        var fault = isIt
            ? await FaultOfLegsAsync(shard, found, cancel)
            : $"transaction {found.Id} on shard {shard} does not move {posting.AmountMinor} "
                + $"{currency.Code} of account {posting.AccountId}";
        return new Booked(found.TimeUs, fault);
    }

    /// <summary>What is wrong with the two entries of a transaction; null if nothing is.</summary>
    public async ValueTask<string?> FaultOfLegsAsync(int shard, TransactionRow found, CancellationToken cancel)
    {
        if (found.Legs.Count != 2 || found.Amount is not { } moved)
            return $"transaction {found.Id} has {found.Legs.Count} entries instead of two";
        for (var side = 0; side < 2; side++)
        {
            var (account, version) = found.Legs[side];
            var amount = side == 0 ? -moved.Minor : moved.Minor;
            if (await Of(shard).EntryAsync(found.Legs[side], cancel) is not { } entry)
                return $"entry {version} of account {account} is missing";
            if (entry.TransactionId != found.Id || entry.AmountMinor != amount)
                return $"entry {version} of account {account} is not {amount} of transaction {found.Id}";
        }

        return null;
    }
}
