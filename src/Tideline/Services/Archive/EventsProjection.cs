using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Services.Archive;

/// <summary>The archive: every event in its CloudEvents form, by its position.</summary>
internal static class EventsProjection
{
    /// <summary>The projection, and its collection.</summary>
    public const string Name = "events";

    private static readonly Dictionary<string, object?> NoIndexes = [];

    /// <summary>The registration.</summary>
    public static ProjectionDefinition Definition { get; } = new()
    {
        Name = Name,
        SchemaVersion = 2,
        Takes = null,
        // Each event has its own key: if one cannot be written, no other waits behind it.
        Key = happened => ArchivedEvent.IdOf(happened.Event.Position),
        Rows =
        [
            new RowCollection
            {
                Name = Name, Row = Write, KeyOf = stored => stored.Id, IsBacked = HasEventAsync,
                Fields =
                [
                    new("subject", FieldKind.Id),
                    new("time", FieldKind.Time),
                    new("data.customerId", FieldKind.Id),
                    new("data.accountId", FieldKind.Id),
                    new("data.amountMinor", FieldKind.AmountMinor),
                    new("data.postedMinor", FieldKind.AmountMinor),
                    new("data.heldMinor", FieldKind.AmountMinor),
                    new("data.overdraftLimitMinor", FieldKind.AmountMinor),
                    new("data.transactionId", FieldKind.Id),
                    new("data.counterpartyId", FieldKind.Id),
                    new("data.sagaId", FieldKind.Id),
                    new("data.holdId", FieldKind.Id),
                    new("data.valueDate", FieldKind.Day),
                    new("data.personal.subject", FieldKind.Id),
                    new("data.personal.data", FieldKind.Bytes),
                    new("data_base64", FieldKind.Bytes),
                ],
            },
        ],
        ShardsOf = (ledger, key, _) => Task.FromResult<IReadOnlyList<int>>(
            PositionOf(ledger, key) is { } position ? [position.Shard] : []),
    };

    private static DocumentWrite Write(ProjectedEvent happened)
    {
        var id = ArchivedEvent.IdOf(happened.Event.Position);
        return new DocumentWrite(
            id, 0, 1,
            ArchivedEvent.ToJson(happened, happened.Data is not null || IsJson(happened.Event.Data.Span)),
            NoIndexes);
    }

    private static async Task<bool> HasEventAsync(GeneralLedger ledger, string id, CancellationToken cancel) =>
        // Events of a shard are never deleted, so a position up to its head exists.
        PositionOf(ledger, id) is { Seq: >= 1 } position
            && (position.Seq <= ledger.CommittedHead(position.Shard).EventSeq
                || position.Seq <= (await ledger.Reader(position.Shard).GetHeadAsync(cancel)).EventSeq);

    private static Position? PositionOf(GeneralLedger ledger, string id) =>
        id.Split(':') is [var left, var right]
            && int.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out var shard)
            && long.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            && shard < ledger.Map.Shards && ArchivedEvent.IdOf(new Position(shard, seq)) == id
            ? new Position(shard, seq) : null;

    private static bool IsJson(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            while (reader.Read())
            {
            }

            return data.Length > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
