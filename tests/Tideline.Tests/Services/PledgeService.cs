using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services;

namespace Tideline.Tests.Services;

/// <summary>
/// A service as small as one can be: a pledge is kept on the shard of the account that gives, tells of itself, and a
/// saga carries its money to an account anywhere.
/// </summary>
internal sealed class PledgeService : BankService
{
    public const EventType Pledged = (EventType)900;
    public const string Topic = "pledge.events";

    public static readonly SagaDefinition Gift = new("gift", 1,
    [
        new SagaStep("take", false, RetryPolicy.Default, TimeSpan.FromMinutes(5), Take, GiveBack),
        new SagaStep("give", true, RetryPolicy.Default, TimeSpan.FromMinutes(5), Give, null),
    ]);

    public override string Name => "pledges";

    public override IReadOnlyList<CommandKind> Commands => [new("pledge", PledgeJson.Default.Pledge)];

    public override IReadOnlyList<EventKind> Events => [new(Pledged, "MONEY_PLEDGED", "Money was pledged.", Topic)];

    public override IReadOnlyList<SagaDefinition> Sagas => [Gift];

    public override IReadOnlyList<ProjectionDefinition> Projections { get; } = [new()
    {
        Name = "pledges", SchemaVersion = 1, Takes = new HashSet<EventType> { Pledged },
        Key = happened => happened.Data?.Currency,
        Documents = new DocumentCollection<PledgeTotal>
        {
            Name = "pledges", Json = PledgeJson.Default.PledgeTotal,
            Fold = (total, happened, data) => new PledgeTotal(
                (total?.Minor ?? 0) + data.AmountMinor, ShardClock.Move(total?.Clock ?? [], happened.Position)),
            Clock = ShardClock.Of<PledgeTotal>(
                total => total.Clock, (total, _, clock) => new PledgeTotal(total?.Minor ?? 0, clock)),
        },
    }];

    private static SagaPosting Take(SagaData data, Guid saga) => new(
        saga, data.From, AccountKind.Clearing, -data.AmountMinor, data.Currency, TransactionKind.Transfer, data.To,
        null);

    private static SagaPosting Give(SagaData data, Guid saga) => new(
        saga, data.To, AccountKind.Clearing, data.AmountMinor, data.Currency, TransactionKind.Transfer, data.From,
        null);

    private static SagaPosting GiveBack(SagaData data, Guid saga) => new(
        DerivedId.Of("gift-back", saga.ToString()), data.From, AccountKind.Clearing, data.AmountMinor, data.Currency,
        TransactionKind.Refund, data.To, null);
}

/// <summary>Makes a pledge. <paramref name="SagaId"/> carries the money.</summary>
internal sealed record Pledge(Guid PledgeId, Guid SagaId, Guid From, Guid To, Money Amount) : LedgerCommand
{
    public override Guid RouteId => From;

    internal override Guid Subject => PledgeId;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Aggregates.Add(PledgeId);
        keys.Accounts.Add(From);
        keys.Accounts.Add(context.Clearing(Amount.Currency, context.Shard));
    }

    internal override Reply Decide(Batch batch)
    {
        if (batch.Rows.Aggregates.ContainsKey(PledgeId) || batch.Account(From) is not { } giver)
            return batch.Refuse(RefusalReason.DuplicateId, "It is there, or nobody gives it.");
        var movement = new SagaData
        {
            From = From, To = To, AmountMinor = Amount.Minor, Currency = Amount.Currency.Code,
        };
        if (SagaEngine.Begin(batch, PledgeService.Gift, SagaId, movement) is { } refusal)
            return batch.Refuse(refusal.Reason, refusal.Detail);
        var data = new EventData
        {
            CustomerId = giver.CustomerId, AmountMinor = Amount.Minor, Currency = Amount.Currency.Code,
        }.ToJson();
        var pledge = new AggregateRow(PledgeId, "pledge", 1, "made", AtRest: true, null, data);
        batch.Put(pledge);
        batch.Emit(PledgeService.Pledged, pledge, data);
        return batch.Done(PledgeId, giver.PostedMinor);
    }
}

/// <summary>All that was pledged in a currency.</summary>
internal sealed record PledgeTotal(long Minor, SortedList<int, long> Clock);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true,
    Converters = [typeof(CurrencyJson)])]
[JsonSerializable(typeof(Pledge))]
[JsonSerializable(typeof(PledgeTotal))]
internal sealed partial class PledgeJson : JsonSerializerContext;
