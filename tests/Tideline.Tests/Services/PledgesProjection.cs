using System.Text.Json;
using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;
using Tideline.Views;

namespace Tideline.Tests.Services;

/// <summary>All that was pledged in a currency.</summary>
internal sealed record PledgeTotal(long Minor, SortedList<int, long> Clock);

/// <summary>The part of a customer's document.</summary>
internal sealed record PledgedByCustomer(int Count, string Currency, long AmountMinor);

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

    /// <summary>What a customer pledged, in the customer's document.</summary>
    public static DocumentPart OfCustomers { get; } = new()
    {
        Projection = CustomersProjection.Name, Name = "pledges", Version = 1,
        Takes = new HashSet<EventType> { Pledge.Happened.Type },
        Fold = (part, _, data) => JsonSerializer.SerializeToElement(
            new PledgedByCustomer(
                (part?.GetProperty("count").GetInt32() ?? 0) + 1, data.Currency!,
                (part?.GetProperty("amountMinor").GetInt64() ?? 0) + data.AmountMinor),
            PledgeJson.Default.PledgedByCustomer),
        Fields = [new("amountMinor", FieldKind.AmountMinor)],
    };
}
