using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Tests.Services;

/// <summary>Makes a pledge. <paramref name="SagaId"/> carries the money.</summary>
internal sealed record Pledge(Guid PledgeId, Guid SagaId, Guid From, Guid To, Money Amount) : LedgerCommand
{
    public const string RowKind = "pledge";

    public static EventKind Happened { get; } =
        new((EventType)900, "MONEY_PLEDGED", "Money was pledged.", "pledge.events");

    public static RefusalKind TooSmall { get; } =
        new((RefusalReason)1_900, "pledge-too-small", RefusalClass.Rule, "The pledge is too small");

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
        if (Amount.Minor < 10) return batch.Refuse(TooSmall.Reason, "A pledge is 0.10 or more.");
        var movement = new SagaData
        {
            From = From, To = To, AmountMinor = Amount.Minor, Currency = Amount.Currency.Code,
        };
        if (SagaEngine.Begin(batch, Gift.Saga, SagaId, movement) is { } refusal)
            return batch.Refuse(refusal.Reason, refusal.Detail);
        var data = new EventData
        {
            CustomerId = giver.CustomerId, AmountMinor = Amount.Minor, Currency = Amount.Currency.Code,
        }.ToJson();
        var pledge = new AggregateRow(PledgeId, RowKind, 1, "made", AtRest: true, null, data);
        batch.Put(pledge);
        batch.Emit(Happened.Type, pledge, data);
        return batch.Done(PledgeId, giver.PostedMinor);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true,
    Converters = [typeof(CurrencyJson)])]
[JsonSerializable(typeof(Pledge))]
[JsonSerializable(typeof(PledgeTotal))]
[JsonSerializable(typeof(PledgedByCustomer))]
internal sealed partial class PledgeJson : JsonSerializerContext;
