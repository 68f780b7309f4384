using Tideline.Kernel;
using Tideline.Projections;

namespace Tideline.Tests.Services;

/// <summary>All that was pledged in a currency.</summary>
internal sealed record PledgeTotal(long Minor, SortedList<int, long> Clock);

/// <summary>The view of pledges: a total for each currency.</summary>
internal static class PledgesProjection
{
    public static ProjectionDefinition Definition { get; } = new()
    {
        Name = "pledges", SchemaVersion = 1, Takes = new HashSet<EventType> { Pledge.Happened.Type },
        Key = happened => happened.Data?.Currency,
        Documents = new DocumentCollection<PledgeTotal>
        {
            Name = "pledges", Json = PledgeJson.Default.PledgeTotal,
            Fold = (total, happened, data) => new PledgeTotal(
                (total?.Minor ?? 0) + data.AmountMinor, ShardClock.Move(total?.Clock ?? [], happened.Position)),
            Clock = ShardClock.Of<PledgeTotal>(
                total => total.Clock, (total, _, clock) => new PledgeTotal(total?.Minor ?? 0, clock)),
        },

    };
}
