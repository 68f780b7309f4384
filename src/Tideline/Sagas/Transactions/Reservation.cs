using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas.Transactions;

/// <summary>
/// What a shard has set aside for its part of a transaction: an aggregate of the shard. It has no expiry: the
/// transaction's saga ends it. It records how it ended, so that repeated or late messages change nothing.
/// </summary>
/// <param name="SagaId">The transaction, and its saga.</param>
/// <param name="Owner">The shard of the saga.</param>
/// <param name="Part">The legs and conditions of this shard.</param>
/// <param name="Reason">Why it was refused; 0 if it was not.</param>
/// <param name="Detail">The reason as text.</param>
/// <param name="Seq">The last event that it wrote.</param>
internal sealed record Reservation(
    Guid SagaId, int Owner, TransactionOrder Part, RefusalReason Reason, string? Detail, long Seq)
{
    /// <summary>The kind of the aggregate.</summary>
    public const string Kind = "saga-reservation:1";

    /// <summary>The states of the aggregate.</summary>
    public const string Reserved = "reserved", Posted = "posted", Released = "released", Refused = "refused";

    /// <summary>The id of a transaction's reservation on a shard.</summary>
    public static Guid IdOf(Guid sagaId, int shard, ShardMap map) => DerivedId.On(
        shard, map, "saga-reservation", string.Create(CultureInfo.InvariantCulture, $"{sagaId}:{shard}"));

    /// <exception cref="TidelineException">Corrupt: the row cannot be read.</exception>
    public static Reservation Read(AggregateRow row) => SagaJson.Read(row.Data, SagaJson.Default.Reservation);

    /// <summary>Its claims on accounts while it is open.</summary>
    public IEnumerable<AggregateClaim> Claims()
    {
        foreach (var (account, outMinor, inMinor) in Promises(Part.ToLegs()))
        {
            if (outMinor != 0) yield return new AggregateClaim(account, outMinor, ClaimKind.PendingOut);
            if (inMinor != 0) yield return new AggregateClaim(account, inMinor, ClaimKind.PendingIn);
        }
    }

    /// <summary>
    /// The legs with the amounts promised to them, and the legs on the clearing accounts of the owner.
    /// </summary>
    public Leg[] ToPosting(ShardContext context)
    {
        var legs = Part.ToLegs();
        foreach (var (account, outMinor, inMinor) in Promises(legs))
        {
            var isDebit = outMinor != 0;
            for (var index = 0; index < legs.Length; index++)
            {
                if (legs[index].AccountId == account) legs[index] = legs[index] with { PromisedMinor = 0 };
            }

            var first = Array.FindIndex(legs, leg => leg.AccountId == account && leg.AmountMinor < 0 == isDebit);
            legs[first] = legs[first] with { PromisedMinor = isDebit ? outMinor : inMinor };
        }

        return [.. legs, .. Clearing(legs, context)];
    }

    /// <summary>
    /// What each account must set aside for its legs: their net. If the net is zero, the sum of the credits, so that
    /// the account stays open for them.
    /// </summary>
    public static IEnumerable<(Guid Account, long OutMinor, long InMinor)> Promises(Leg[] legs)
    {
        foreach (var account in legs.GroupBy(leg => leg.AccountId))
        {
            var net = account.Sum(leg => leg.AmountMinor);
            yield return net < 0
                ? (account.Key, -net, 0)
                : (account.Key, 0, net > 0 ? net : account.Sum(leg => Math.Max(leg.AmountMinor, 0)));
        }
    }

    /// <summary>The aggregate in the given state.</summary>
    public AggregateRow ToRow(Guid id, long version, string state) => new(
        id, Kind, version, state, state != Reserved, null,
        JsonSerializer.SerializeToUtf8Bytes(this, SagaJson.Default.Reservation));

    private IEnumerable<Leg> Clearing(Leg[] legs, ShardContext context)
    {
        foreach (var currency in legs.GroupBy(leg => leg.Currency))
        {
            var sum = currency.Sum(leg => leg.AmountMinor);
            if (sum != 0)
                yield return new Leg(context.Clearing(currency.Key, Owner), currency.Key, -sum)
                {
                    Kind = AccountKind.Clearing,
                };
        }
    }
}
