using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Services.Analytics;

/// <summary>A bank's daily figures: per day and currency, split by kind.</summary>
internal static class AnalyticsProjection
{
    /// <summary>The projection, and its collection.</summary>
    public const string Name = "analytics";

    /// <summary>The registration.</summary>
    public static ProjectionDefinition Definition { get; } = new()
    {
        Name = Name,
        SchemaVersion = 1,
        Takes = new HashSet<EventType>
        {
            EventType.TransactionRecorded, EventType.AccountDebited, EventType.AccountCredited,
        },
        Key = happened => happened.IsKnown
            ? DailyFigures.IdOf(DailyFigures.DayOf(happened.Event.TimeUs), happened.Data?.Currency ?? "?") : null,
        Documents = new DocumentCollection<DailyFigures>
        {
            Name = Name,
            Indexes = [["day"], ["currency", "day"]],
            Fields =
            [
                new("day", FieldKind.Day),
                new("kinds.*.inMinor", FieldKind.AmountMinor),
                new("kinds.*.outMinor", FieldKind.AmountMinor),
            ],
            Json = AnalyticsJson.Default.DailyFigures,
            Fold = Fold,
            Clock = ShardClock.Of<DailyFigures>(
                document => document.Clock,
                (document, key, clock) => (document ?? DailyFigures.Of(key)) with { Clock = clock }),
            IndexValues = document => new Dictionary<string, object?>(2)
            {
                ["day"] = document.Day, ["currency"] = document.Currency,
            },
            Damage = (document, id) => DailyFigures.IdOf(document.Day, document.Currency) == id
                ? null : "its day or currency is not the one in its id",
        },
    };

    private static DailyFigures Fold(DailyFigures? document, LedgerEvent happened, EventData data)
    {
        if (data.Kind is not { } kind || data.Currency is not { } currency)
            throw new TidelineException(
                ErrorCode.Corrupt, $"{happened.Type} at {happened.Position} names no kind or no currency.");
        document ??= new DailyFigures { Day = DailyFigures.DayOf(happened.TimeUs), Currency = currency };
        return document with
        {
            Kinds = new(document.Kinds)
            {
                [kind] = (document.Kinds.GetValueOrDefault(kind) ?? new KindFigures(0, 0, 0)).With(data.AmountMinor),
            },
            Clock = ShardClock.Move(document.Clock, happened.Position),
        };
    }
}
