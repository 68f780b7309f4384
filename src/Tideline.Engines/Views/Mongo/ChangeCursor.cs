using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>One open change stream over the database. Not for two threads at once.</summary>
internal sealed class ChangeCursor : IDisposable
{
    // The same for ever, whatever collections come and go: a token resumes only the pipeline that gave it. Inserts and
    // replacements of documents that are not followed stay on the server, and of the others only what their envelopes
    // say travels.
    private static readonly BsonDocument[] s_pipeline =
    [
        new("$match", new BsonDocument("$or", new BsonArray
        {
            new BsonDocument($"fullDocument.{StoredDocument.Logged}", true),
            new BsonDocument("operationType", new BsonDocument("$nin", new BsonArray { "insert", "replace" })),
        })),
        new("$project", new BsonDocument
        {
            ["operationType"] = 1,
            ["clusterTime"] = 1,
            ["ns"] = 1,
            ["documentKey"] = 1,
            [$"fullDocument.{StoredDocument.Revision}"] = 1,
            [$"fullDocument.{StoredDocument.Logged}"] = 1,
            [$"fullDocumentBeforeChange.{StoredDocument.Revision}"] = 1,
            [$"fullDocumentBeforeChange.{StoredDocument.Logged}"] = 1,
        }),
    ];

    private readonly IChangeStreamCursor<BsonDocument> _stream;
    private readonly Queue<BsonDocument> _read = new();

    private ChangeCursor(IClientSessionHandle session, IChangeStreamCursor<BsonDocument> stream, bool withImages) =>
        (Session, _stream, HasImages) = (session, stream, withImages);

    /// <summary>The session it reads in.</summary>
    public IClientSessionHandle Session { get; }

    /// <summary>What was taken so far ends here.</summary>
    public ChangeToken Position { get; private set; } = null!;

    /// <summary>
    /// Whether it asks for the images of before: what a deleted document's revision is. MongoDB looks each of them up,
    /// that of a replacement, too.
    /// </summary>
    public bool HasImages { get; }

    /// <summary>Whether MongoDB closed it, because the database was dropped.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Opens it after a token; null: now.</summary>
    public static async Task<ChangeCursor> OpenAsync(
        MongoServer server, ChangeToken? after, bool withImages, CancellationToken cancel)
    {
        var session = server.Begin();
        try
        {
            var options = new ChangeStreamOptions
            {
                // Unlike resumeAfter it also goes on behind the end that a dropped database sets.
                StartAfter = after?.Resume,
                FullDocument = ChangeStreamFullDocumentOption.UpdateLookup,
                FullDocumentBeforeChange = withImages ? ChangeStreamFullDocumentBeforeChangeOption.WhenAvailable
                    : ChangeStreamFullDocumentBeforeChangeOption.Off,
                BatchSize = Limits.EventBatch,
                MaxAwaitTime = TimeSpan.FromMilliseconds(ViewLimits.ProjectionPollMs),
            };
            var cursor = new ChangeCursor(session,
                await server.Database.WatchAsync<BsonDocument>(session, s_pipeline, options, cancel), withImages);
            // The first answer is here already.
            await cursor.FetchAsync(cancel);
            if (after is null) cursor._read.Clear();
            cursor.Position = after ?? cursor.EndOfBatch();
            return cursor;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The next events, at least one unless the server waited in vain.</summary>
    public async Task<IReadOnlyList<ChangeEvent>> TakeAsync(int limit, CancellationToken cancel)
    {
        if (_read.Count == 0) await FetchAsync(cancel);
        var taken = new List<ChangeEvent>(Math.Min(limit, _read.Count));
        while (taken.Count < limit && _read.TryDequeue(out var change))
        {
            Position = new ChangeToken(change["_id"].AsBsonDocument, change["clusterTime"].AsBsonTimestamp);
            if (ChangeEvent.Of(change) is { } happened) taken.Add(happened);
        }

        // Beyond what passed the filter: so a quiet consumer does not fall behind the oplog.
        if (_read.Count == 0) Position = EndOfBatch();
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        Session.Dispose();
    }

    private async Task FetchAsync(CancellationToken cancel)
    {
        IsEnded = !await _stream.MoveNextAsync(cancel);
        if (IsEnded) return;
        foreach (var change in _stream.Current) _read.Enqueue(change);
    }

    private ChangeToken EndOfBatch() => new(_stream.GetResumeToken(), Session.OperationTime);
}
