using MongoDB.Driver;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Reads the change stream in batches. The cursor of a consumer stays open between its calls, so that asking again
/// costs one short wait on the server.
/// </summary>
internal sealed class ChangeFeed(MongoServer server, MongoCatalog catalog, MongoViewReader reader) : IDisposable
{
    private const int CappedPositionLost = 136,
    InvalidResumeToken = 260, ChangeStreamFatalError = 280, ChangeStreamHistoryLost = 286;

    private readonly Lock _lock = new();
    private readonly List<(string Token, ChangeCursor Cursor)> _waiting = [];

    /// <summary>
    /// Changes after a token; null: none, with the token of now. Without <paramref name="withDocuments"/> it spares
    /// reading what the documents are now, and what they were.
    /// </summary>
    /// <exception cref="TidelineException">NotFound: what follows the token left the oplog. InvalidInput: no token of
    /// this stream. StorageUnavailable.</exception>
    public async Task<ChangeBatch> ReadAsync(
        ChangeToken? after, int limit, bool withDocuments, CancellationToken cancel)
    {
        ChangeCursor? cursor = null;
        try
        {
            cursor = after is null ? null : Take(after.ToString(), withDocuments);
            cursor ??= await ChangeCursor.OpenAsync(server, after, withDocuments, cancel);
            var events = after is null ? [] : await cursor.TakeAsync(limit, cancel);
            // The documents are read as they are now, and now is not before these events.
            server.Learn(cursor.Session);
            var batch = new ChangeBatch(await ChangesAsync(events, withDocuments, cancel), cursor.Position.ToString());
            if (Keep(batch.ResumeToken, cursor)) cursor = null;
            return batch;
        }
        catch (MongoCommandException lost)
            when (lost.Code is ChangeStreamHistoryLost or ChangeStreamFatalError or CappedPositionLost)
        {
            throw new TidelineException(ErrorCode.NotFound, "What follows this token is no longer in MongoDB's oplog. "
                + "Read the documents again, then continue from now.", lost);
        }
        catch (MongoCommandException bad) when (bad.Code == InvalidResumeToken)
        {
            throw new TidelineException(ErrorCode.InvalidInput, "This is not a resume token of this change log.", bad);
        }
        catch (Exception fault) when (MongoFaults.IsOurs(fault))
        {
            throw MongoFaults.Translate(fault);
        }
        finally
        {
            cursor?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var (_, cursor) in _waiting) cursor.Dispose();
            _waiting.Clear();
        }
    }

    private async Task<DocumentChange[]> ChangesAsync(
        IReadOnlyList<ChangeEvent> events, bool withDocuments, CancellationToken cancel)
    {
        var current = new Dictionary<(string, string), Document>();
        var followed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in events.GroupBy(happened => happened.Collection, StringComparer.Ordinal))
        {
            // Where a collection is gone, so are its documents.
            var definition = (await catalog.TryFindAsync(group.Key, cancel))?.Definition;
            if (definition?.LogChanges == true) followed.Add(group.Key);
            if (definition is null || !withDocuments) continue;
            var ids = group.Select(happened => happened.Id).Distinct(StringComparer.Ordinal).ToArray();
            foreach (var document in await reader.ReadAsync(group.Key, ids, cancel))
                current[(group.Key, document.Id)] = document;
        }

        return
        [
            .. from happened in events
               where happened.IsLogged ?? followed.Contains(happened.Collection)
               select new DocumentChange(happened.Collection, happened.Id, happened.Operation,
                   happened.Revision, current.GetValueOrDefault((happened.Collection, happened.Id))),
        ];
    }

    private ChangeCursor? Take(string token, bool withImages)
    {
        lock (_lock)
        {
            var at = _waiting.FindIndex(each => each.Token == token && each.Cursor.HasImages == withImages);
            if (at < 0) return null;
            var cursor = _waiting[at].Cursor;
            _waiting.RemoveAt(at);
            return cursor;
        }
    }

    // The one that waits longest makes room: its consumer is gone, or opens another.
    private bool Keep(string token, ChangeCursor cursor)
    {
        if (cursor.IsEnded) return false;
        lock (_lock)
        {
            if (_waiting.Count == MongoLimits.ChangeStreams)
            {
                _waiting[0].Cursor.Dispose();
                _waiting.RemoveAt(0);
            }

            _waiting.Add((token, cursor));
        }

        return true;
    }
}
