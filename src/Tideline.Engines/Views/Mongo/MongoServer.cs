using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Kernel;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// The database of the views. All calls of the process are one chain of causality: a session begins where the newest
/// one before it ended. So a read sees every write of this process, and whoever has read a watermark sees all that was
/// written before it, by any process. Majority reads on the primary alone do not promise that: just after an election
/// the new primary may know less of what is committed, and the old one may not know that it is none.
/// </summary>
internal sealed partial class MongoServer(MongoViewOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    // The driver may not invent ids: ours are in the documents.
    private static readonly MongoCollectionSettings s_written = new() { AssignIdOnInsert = false };

    private static readonly MongoCollectionSettings s_nearest = new()
    {
        ReadConcern = ReadConcern.Local,
        ReadPreference = new ReadPreference(
            ReadPreferenceMode.Nearest, maxStaleness: TimeSpan.FromSeconds(MongoLimits.NearestStalenessSeconds)),
    };

    private readonly MongoClient _client = new(options.ToSettings());
    private BsonTimestamp? _newest;

    public IMongoDatabase Database => _client.GetDatabase(options.Database);

    /// <summary>The oplog of the primary.</summary>
    public IMongoCollection<BsonDocument> OplogEntries => _client.GetDatabase("local")
        .GetCollection<BsonDocument>("oplog.rs", new MongoCollectionSettings { ReadConcern = ReadConcern.Local });

    /// <summary>A collection on the primary: majority reads and writes.</summary>
    public IMongoCollection<RawBsonDocument> Collection(string name) =>
        Database.GetCollection<RawBsonDocument>(name, s_written);

    /// <summary>A collection on the nearest server: what it has, at most so old as is named.</summary>
    public IMongoCollection<RawBsonDocument> Nearest(string name) =>
        Database.GetCollection<RawBsonDocument>(name, s_nearest);

    /// <summary>A session that sees all that this process knows of.</summary>
    public IClientSessionHandle Begin()
    {
        var session = _client.StartSession();
        if (Volatile.Read(ref _newest) is { } newest) session.AdvanceOperationTime(newest);
        return session;
    }

    /// <summary>From now on every session sees what this one saw.</summary>
    public void Learn(IClientSessionHandle session)
    {
        if (session.OperationTime is not { } seen) return;
        for (var known = Volatile.Read(ref _newest); known is null || known < seen;)
        {
            var found = Interlocked.CompareExchange(ref _newest, seen, known);
            if (ReferenceEquals(found, known)) return;
            known = found;
        }
    }

    /// <summary>Reads in a session. The driver itself tries once more when a line breaks or a primary falls.</summary>
    /// <exception cref="TidelineException">StorageUnavailable, ShuttingDown.</exception>
    public async Task<T> ReadAsync<T>(Func<IClientSessionHandle, Task<T>> read)
    {
        try
        {
            using var session = Begin();
            var found = await read(session);
            Learn(session);
            return found;
        }
        catch (Exception fault) when (MongoFaults.IsOurs(fault))
        {
            throw MongoFaults.Translate(fault);
        }
    }

    /// <summary>
    /// Writes until a majority has acknowledged it, through elections and lost lines. <paramref name="write"/> may run
    /// several times and is told when an attempt before may have been carried out, or may still be.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: not in time; whether it was carried out is unknown.
    /// ShuttingDown.</exception>
    public async Task<T> WriteAsync<T>(Func<IClientSessionHandle, bool, Task<T>> write, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        for (var isRepeat = false; ; isRepeat = true)
        {
            try
            {
                using var session = Begin();
                var answer = await write(session, isRepeat);
                Learn(session);
                return answer;
            }
            catch (Exception fault)
                when (MongoFaults.IsPassing(fault)
                    && time.GetElapsedTime(began).TotalMilliseconds < MongoLimits.WriteMs)
            {
                WriteIsRepeated(logger, fault.Message);
            }
            catch (Exception fault) when (MongoFaults.IsOurs(fault))
            {
                throw MongoFaults.Translate(fault);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(MongoLimits.RetryMs), time, cancel);
        }
    }

    /// <summary>Looks whether the server has what the views need.</summary>
    /// <exception cref="TidelineException">InvalidInput: a standalone server. IncompatibleData: before 6.0.
    /// StorageUnavailable.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        var hello = await ReadAsync(session => _client.GetDatabase("admin")
            .RunCommandAsync<BsonDocument>(session, new BsonDocument("hello", 1), cancellationToken: cancel));
        if (hello["maxWireVersion"].ToInt32() < 17)
            throw new TidelineException(ErrorCode.IncompatibleData, "The views need MongoDB 6.0 or later.");
        if (!hello.Contains("setName") && hello.GetValue("msg", "") != "isdbgrid")
            throw new TidelineException(ErrorCode.InvalidInput, "The views need a replica set, if only of one member: "
                + "a standalone server has no change streams and no retryable writes.");
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "A write to MongoDB was not acknowledged and is repeated. {Reason}")]
    private static partial void WriteIsRepeated(ILogger logger, string reason);
}
