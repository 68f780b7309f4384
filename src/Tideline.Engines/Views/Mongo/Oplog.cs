using MongoDB.Bson;
using MongoDB.Driver;

namespace Tideline.Engines.Views.Mongo;

/// <summary>Where the oplog begins and ends, in cluster time, and whether it is full.</summary>
internal sealed record Oplog(BsonTimestamp Oldest, BsonTimestamp Newest, bool IsFull)
{
    // It is kept a little below its size.
    private const double FullFrom = 0.9;

    /// <summary>
    /// As the primary has it, by what <c>db.getReplicationInfo()</c> reads; null where there is none to see.
    /// </summary>
    public static async Task<Oplog?> ReadAsync(IMongoCollection<BsonDocument> entries, CancellationToken cancel)
    {
        if (await EndAsync(entries, 1, cancel) is not { } oldest
            || await EndAsync(entries, -1, cancel) is not { } newest) return null;
        using var sizes = await entries.AggregateAsync<BsonDocument>(new BsonDocument[]
        {
            new("$collStats", new BsonDocument("storageStats", new BsonDocument()))
        }, cancellationToken: cancel);
        var size = (await sizes.FirstAsync(cancel))["storageStats"];
        return new Oplog(oldest, newest, size["size"].ToDouble() >= size["maxSize"].ToDouble() * FullFrom);
    }

    /// <summary>How far it reaches behind a token. Cluster times count whole seconds.</summary>
    public OplogWindow Behind(ChangeToken token) =>
        new(TimeSpan.FromSeconds(Newest.Timestamp - Oldest.Timestamp),
            TimeSpan.FromSeconds(Math.Max(0, token.Time.Timestamp - Oldest.Timestamp)), IsFull);

    private static async Task<BsonTimestamp?> EndAsync(
        IMongoCollection<BsonDocument> entries, int direction, CancellationToken cancel)
    {
        var options = new FindOptions<BsonDocument>
        {
            Sort = new BsonDocument("$natural", direction),
            Limit = 1, MaxTime = TimeSpan.FromMilliseconds(MongoLimits.ReadMs)
        };
        using var cursor = await entries.FindAsync(new BsonDocument(), options, cancel);
        return (await cursor.FirstOrDefaultAsync(cancel))?.GetValue("ts", null) as BsonTimestamp;
    }
}
