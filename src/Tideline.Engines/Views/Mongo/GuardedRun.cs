using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// One bulk of guarded writes, and what is known of it. MongoDB says how many of its replacements found their document,
/// not which, and an answer that is lost says nothing. So every run leaves a mark of its own in what it writes, and
/// where the answer does not say enough, the documents do: what bears the mark was written by this run. Carried out
/// again, a write whose first attempt was carried out finds its guard gone.
/// </summary>
internal sealed class GuardedRun
{
    private static readonly BulkWriteOptions s_unordered = new() { IsOrdered = false };
    private static readonly BsonDocument s_marks = new() { [StoredDocument.Revision] = 1, [StoredDocument.Writer] = 1 };

    private readonly IMongoCollection<RawBsonDocument> _collection;
    private readonly DocumentWrite[] _writes;
    private readonly Guid _writer;
    private readonly int[] _puts;
    private readonly WriteModel<RawBsonDocument>[] _models;
    private readonly bool?[] _applied;

    /// <exception cref="TidelineException">InvalidInput: a document is too large.</exception>
    public GuardedRun(IMongoCollection<RawBsonDocument> collection, DocumentWrite[] writes, Guid writer, bool isLogged,
        FieldNode types)
    {
        (_collection, _writes, _writer, _applied) = (collection, writes, writer, new bool?[writes.Length]);
        _puts = [.. Enumerable.Range(0, writes.Length).Where(at => writes[at].Json is not null)];
        _models = Array.ConvertAll(
            _puts, at => Model(writes[at], StoredDocument.Encode(writes[at], writer, isLogged, types)));
    }

    /// <summary>Carries out what is not known to be carried out; answers which writes were applied.</summary>
    public async Task<IEnumerable<bool>> TryAsync(IClientSessionHandle session, bool isRepeat, CancellationToken cancel)
    {
        if (_puts.Any(at => _applied[at] is null)) await PutAsync(session, isRepeat, cancel);
        for (var at = 0; at < _writes.Length; at++)
        {
            if (_writes[at].Json is null) _applied[at] ??= await DeleteAsync(session, at, isRepeat, cancel);
        }

        return _applied.Select(applied => applied == true);
    }

    private async Task PutAsync(IClientSessionHandle session, bool isRepeat, CancellationToken cancel)
    {
        var (result, refused) = await BulkAsync(session, cancel);
        var replacements = _puts.Count(at => _writes[at].ExpectedRevision != 0);
        var areReplaced = result.MatchedCount == replacements;
        var inDoubt = new List<int>();
        for (var number = 0; number < _puts.Length; number++)
        {
            var at = _puts[number];
            var isClear = _writes[at].ExpectedRevision == 0 ? !(isRepeat && refused.Contains(number)) : areReplaced;
            if (isClear) _applied[at] = !refused.Contains(number);
            else inDoubt.Add(at);
        }

        if (inDoubt.Count == 0) return;
        var found = await MarksAsync(session, inDoubt, cancel);
        foreach (var at in inDoubt)
            _applied[at] = found.TryGetValue(_writes[at].Id, out var mark) && mark == (_writes[at].Revision, _writer);
    }

    private async Task<(BulkWriteResult Result, HashSet<int> Refused)> BulkAsync(
        IClientSessionHandle session, CancellationToken cancel)
    {
        try
        {
            return (await _collection.BulkWriteAsync(session, _models, s_unordered, cancel), []);
        }
        // Inserts of what is there: after a crash, a whole batch of them.
        catch (MongoBulkWriteException<RawBsonDocument> partly)
            when (partly.WriteConcernError is null && partly.WriteErrors.All(MongoFaults.IsThere))
        {
            return (partly.Result, [.. partly.WriteErrors.Select(error => error.Index)]);
        }
    }

    private async Task<Dictionary<string, (long Revision, Guid Writer)>> MarksAsync(
        IClientSessionHandle session, List<int> writes, CancellationToken cancel)
    {
        var named = new BsonDocument(
            "_id", new BsonDocument("$in", new BsonArray(writes.Select(at => _writes[at].Id))));
        var options = new FindOptions<RawBsonDocument, BsonDocument>
        {
            Projection = s_marks, MaxTime = TimeSpan.FromMilliseconds(MongoLimits.ReadMs)
        };
        using var cursor = await _collection.FindAsync(session, named, options, cancel);
        var found = await cursor.ToListAsync(cancel);
        return found.ToDictionary(
            document => document["_id"].AsString, document => StoredDocument.Mark(document), StringComparer.Ordinal);
    }

    // One by one, since a document that is gone bears no mark. After a lost answer one that is not there counts as
    // deleted: that is what was asked for.
    private async Task<bool> DeleteAsync(IClientSessionHandle session, int at, bool isRepeat, CancellationToken cancel)
    {
        var deleted = await _collection.DeleteOneAsync(session, Guard(_writes[at]), cancellationToken: cancel);
        return deleted.DeletedCount == 1 || (isRepeat && (await MarksAsync(session, [at], cancel)).Count == 0);
    }

    private static WriteModel<RawBsonDocument> Model(DocumentWrite write, RawBsonDocument document) =>
        write.ExpectedRevision == 0 ? new InsertOneModel<RawBsonDocument>(document)
            : new ReplaceOneModel<RawBsonDocument>(Guard(write), document);

    private static BsonDocument Guard(DocumentWrite write) =>
        new() { ["_id"] = write.Id, [StoredDocument.Revision] = write.ExpectedRevision };
}
