using System.Globalization;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>Watermarks and states, beside the collections.</summary>
internal sealed class MongoStates(MongoServer server, GuardedWriter writer)
{
    private const string States = "tl_states";
    private static readonly UpdateOptions s_upsert = new() { IsUpsert = true };

    private readonly IMongoCollection<BsonDocument> _watermarks = server.Database.GetCollection<BsonDocument>("tl_watermarks");

    public async Task<Watermark> GetWatermarkAsync(string projection, int shard, CancellationToken cancel)
    {
        var found = await server.ReadAsync(session => _watermarks.Find(session, Key(projection, shard)).FirstOrDefaultAsync(cancel));
        return found is null ? default : new Watermark(found["seq"].ToInt64(), found["timeUs"].ToInt64());
    }

    public async Task SetWatermarkAsync(string projection, int shard, Watermark watermark, CancellationToken cancel) =>
        await server.WriteAsync((session, _) => _watermarks.UpdateOneAsync(session, Key(projection, shard), new BsonDocument("$set", Value(watermark)), s_upsert, cancel), cancel);

    /// <summary>Moves watermarks, none back: not even an attempt that was given up long ago and is carried out only now.</summary>
    public async Task MoveAsync(IReadOnlyList<WatermarkMove> moves, CancellationToken cancel)
    {
        var models = moves.Select(move => new UpdateOneModel<BsonDocument>(Key(move.Projection, move.Shard), new BsonDocument("$max", Value(move.Watermark))) { IsUpsert = true }).ToArray();
        await server.WriteAsync((session, _) => _watermarks.BulkWriteAsync(session, models, new BulkWriteOptions { IsOrdered = false }, cancel), cancel);
    }

    public async Task<byte[]?> GetStateAsync(string name, CancellationToken cancel) => (await FindAsync(name, cancel))?.Json.ToArray();

    /// <summary>Stores a state over the one that is there, guarded as documents are: a late attempt must not bring an older one back.</summary>
    public async Task SetStateAsync(string name, byte[]? json, CancellationToken cancel)
    {
        for (var attempt = 0; attempt < Limits.ProjectionGuardRetries; attempt++)
        {
            var revision = (await FindAsync(name, cancel))?.Revision ?? 0;
            if (json is null && revision == 0) return;
            var write = new DocumentWrite(name, revision, revision + 1, json is null ? (ReadOnlyMemory<byte>?)null : json, new Dictionary<string, object?>());
            if ((await writer.WriteAsync(States, isLogged: false, [write], cancel))[0]) return;
        }

        throw new TidelineException(ErrorCode.StorageUnavailable, $"Somebody else keeps writing the state '{name}'.");
    }

    private async Task<Document?> FindAsync(string name, CancellationToken cancel)
    {
        var found = await server.ReadAsync(session => server.Collection(States).Find(session, new BsonDocument("_id", name)).FirstOrDefaultAsync(cancel));
        return found is null ? null : StoredDocument.Decode(found, States);
    }

    private static BsonDocument Key(string projection, int shard) => new("_id", string.Create(CultureInfo.InvariantCulture, $"{projection}:{shard}"));

    private static BsonDocument Value(Watermark watermark) => new() { ["seq"] = watermark.Seq, ["timeUs"] = watermark.TimeUs };
}
