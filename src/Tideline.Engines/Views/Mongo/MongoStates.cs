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
    private static readonly TypedCollection s_states = new(new CollectionDefinition(States, [], LogChanges: false));
    private const int EpochShift = 32;
    private static readonly UpdateOptions s_upsert = new() { IsUpsert = true };

    private readonly IMongoCollection<BsonDocument> _watermarks = server.Database.GetCollection<BsonDocument>(
        "tl_watermarks");

    public async Task<Watermark> GetWatermarkAsync(string projection, int shard, CancellationToken cancel)
    {
        var found = await server.ReadAsync(
            session => _watermarks.Find(session, Key(projection, shard)).FirstOrDefaultAsync(cancel));
        // An unreadable one is none: everything is folded again, and documents know what they hold.
        return found?.GetValue("seq", null) is BsonInt64 { Value: >= 0 } seq
            && found.GetValue("timeUs", null) is BsonInt64 time
            ? new Watermark(seq.Value, time.Value)
            : default;
    }

    public async Task SetWatermarkAsync(WatermarkMove move, CancellationToken cancel)
    {
        try
        {
            await server.WriteAsync(
                (session, _) =>
                    _watermarks.UpdateOneAsync(
                        session, Unfenced(move), new BsonDocument("$set", Value(move)), s_upsert, cancel), cancel);
        }
        catch (TidelineException fault) when (
            fault.InnerException is MongoWriteException { WriteError.Category: ServerErrorCategory.DuplicateKey })
        {
            throw Fenced(move);
        }
    }

    /// <summary>
    /// Moves watermarks, none back: not even an attempt that was given up long ago and is carried out only now.
    /// </summary>
    public async Task MoveAsync(IReadOnlyList<WatermarkMove> moves, CancellationToken cancel)
    {
        var models =
            moves.Select(
                move => new UpdateOneModel<BsonDocument>(
                    move.From == 0 ? Unfenced(move)
                        : Unfenced(move).Add("seq", new BsonDocument("$gte", move.From)),
                    new BsonDocument("$max", Value(move)))
                { IsUpsert = move.From == 0 }).ToArray();
        try
        {
            var moved = await server.WriteAsync(
                (session, _) =>
                    _watermarks.BulkWriteAsync(session, models, new BulkWriteOptions { IsOrdered = false }, cancel),
                    cancel);
            if (moved.MatchedCount + moved.Upserts.Count < moves.Count) await ThrowAsync(moves, cancel);
        }
        catch (TidelineException fault) when (
            fault.InnerException is MongoBulkWriteException bulk && bulk.WriteErrors.Any(MongoFaults.IsThere))
        {
            throw Fenced(moves[bulk.WriteErrors[0].Index]);
        }
    }

    /// <exception cref="TidelineException">Corrupt: somebody else wrote it.</exception>
    public async Task<byte[]?> GetStateAsync(string name, CancellationToken cancel)
    {
        var found = await FindAsync(name, cancel);
        if (found?.Damage is { } damage)
            throw new TidelineException(ErrorCode.Corrupt, $"The state '{name}' of the views is damaged: {damage}.");
        return found?.Json.ToArray();
    }

    /// <summary>
    /// Stores a state over the one that is there, guarded as documents are: a late attempt must not bring an older one
    /// back. The upper half of a state's revision is the epoch that wrote it, so that one compare-and-set guards both.
    /// </summary>
    public async Task SetStateAsync(string name, byte[]? json, long epoch, CancellationToken cancel)
    {
        for (var attempt = 0; attempt < ViewLimits.ProjectionGuardRetries; attempt++)
        {
            var found = await FindAsync(name, cancel);
            if (found is not null && (found.Damage is not null || epoch == ViewEpoch.Any))
            {
                await server.WriteAsync(
                    (session, _) =>
                        server.Collection(States)
                        .DeleteOneAsync(session, new BsonDocument("_id", name), cancellationToken: cancel), cancel);
                continue;
            }

            var revision = found?.Revision ?? 0;
            if (json is null && revision == 0) return;
            if (revision >> EpochShift is var known && known > Math.Max(0, epoch))
                throw new TidelineException(
                    ErrorCode.NotOwner,
                    $"Epoch {known} of ownership wrote the state '{name}'; this process had epoch {epoch}.");
            var next = Math.Max(revision + 1, Math.Max(0, epoch) << EpochShift);
            var write =
                new DocumentWrite(
                    name, revision, next, json is null ? (ReadOnlyMemory<byte>?)null
                    : json, new Dictionary<string, object?>());
            if ((await writer.WriteAsync(s_states, [write], cancel))[0]) return;
        }

        throw new TidelineException(ErrorCode.StorageUnavailable, $"Somebody else keeps writing the state '{name}'.");
    }

    private async Task<Document?> FindAsync(string name, CancellationToken cancel)
    {
        var found = await server.ReadAsync(session => server.Collection(States)
            .Find(session, new BsonDocument("_id", name)).FirstOrDefaultAsync(cancel));
        return found is null ? null : StoredDocument.Decode(found, FieldNode.None);
    }

    // Some did not match: a later epoch wrote them, or they are lost. If neither is so any more, they were written
    // between the move and this read: which of them moved is not known.
    private async Task ThrowAsync(IReadOnlyList<WatermarkMove> moves, CancellationToken cancel)
    {
        foreach (var move in moves)
        {
            var found = await server.ReadAsync(
                session => _watermarks.Find(session, Key(move.Projection, move.Shard)).FirstOrDefaultAsync(cancel));
            if (found?.GetValue("epoch", null) is BsonInt64 epoch && move.Epoch != ViewEpoch.Any
                && epoch.Value > move.Epoch) throw Fenced(move);
            move.RequireKept((await GetWatermarkAsync(move.Projection, move.Shard, cancel)).Seq);
        }

        throw new TidelineException(
            ErrorCode.StorageUnavailable, "Another process wrote a watermark at the same moment. Try again.");
    }

    // A watermark that a later epoch wrote does not match, and the insert that the upsert then tries finds its id
    // taken.
    private static BsonDocument Unfenced(WatermarkMove move)
    {
        var key = Key(move.Projection, move.Shard);
        return move.Epoch == ViewEpoch.Any ? key
            : key.Add("epoch", new BsonDocument("$not", new BsonDocument("$gt", move.Epoch)));
    }

    private static TidelineException Fenced(WatermarkMove move) =>
        new(ErrorCode.NotOwner,
            $"A later epoch of ownership than {move.Epoch} wrote the watermark of {move.Projection}:{move.Shard}.");

    private static BsonDocument Key(string projection, int shard) =>
        new("_id", string.Create(CultureInfo.InvariantCulture, $"{projection}:{shard}"));

    private static BsonDocument Value(WatermarkMove move) =>
        new() { ["seq"] = move.Watermark.Seq, ["timeUs"] = move.Watermark.TimeUs, ["epoch"] = Math.Max(0, move.Epoch) };
}
