using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Consistency;

/// <summary>
/// A saga's posting as booked on its shard: when it was booked, and what is wrong with it, if anything.
/// </summary>
internal readonly record struct Booked(long TimeUs, string? Fault);

/// <summary>
/// Looks up the transactions that sagas must have made, and compares their legs with the intended postings.
/// </summary>
internal sealed class SagaBooks(GeneralLedger ledger)
{
    /// <summary>The transaction of a posting; null if there is none with its id.</summary>
    /// <param name="posting">The intended posting.</param>
    /// <param name="sagaId">The saga.</param>
    /// <param name="owner">The shard of the saga.</param>
    /// <param name="cancel">Cancels the lookup.</param>
    public async ValueTask<Booked?> FindAsync(SagaPosting posting, Guid sagaId, int owner, CancellationToken cancel)
    {
        var shard = ledger.Map.ShardOf(posting.AccountId);
        if (await ledger.Reader(shard).GetTransactionAsync(posting.TransactionId, cancel) is not { } found)
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
            ? await FaultOfLegsAsync(ledger.Reader(shard), found, cancel)
            : $"transaction {found.Id} on shard {shard} does not move {posting.AmountMinor} "
                + $"{currency.Code} of account {posting.AccountId}";
        return new Booked(found.TimeUs, fault);
    }

    /// <summary>What is wrong with the two entries of a transaction; null if nothing is.</summary>
    public static async ValueTask<string?> FaultOfLegsAsync(
        IShardReader reader, TransactionRow found, CancellationToken cancel)
    {
        if (found.Legs.Count != 2 || found.Amount is not { } moved)
            return $"transaction {found.Id} has {found.Legs.Count} entries instead of two";
        for (var side = 0; side < 2; side++)
        {
            var (account, version) = found.Legs[side];
            var amount = side == 0 ? -moved.Minor : moved.Minor;
            var entries = await reader.GetEntriesAsync(account, version + 1, 1, cancel);
            if (entries is not [var entry] || entry.Version != version)
                return $"entry {version} of account {account} is missing";
            if (entry.TransactionId != found.Id || entry.AmountMinor != amount)
                return $"entry {version} of account {account} is not {amount} of transaction {found.Id}";
        }

        return null;
    }
}
