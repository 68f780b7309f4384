using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The writer of one shard on one MySQL database, on a connection of its own: one round trip a batch where it knows the
/// rows, else two. The head row names the writer; whoever holds its lock owns the shard until the transaction ends, and
/// a writer that another one has replaced there is refused.
/// </summary>
/// <remarks>
/// A COMMIT that is not answered is never cancelled: the connection is given up, and on a new one the head row's count
/// of commits tells what became of it. That look first commits a change of its own (the epoch). It waits for the row's
/// lock, so the old transaction has ended; and where replicas must acknowledge, what came before an acknowledged commit
/// is acknowledged too, so nothing is told that a failover could take back. The lease in the head row only says when
/// another process may try to own the shard; what keeps two from writing is the writer's name there, read under its
/// lock. A process that prefers the shard may as soon as that is over, another one a moment later. Where the owner does
/// not prefer it, a process that does writes there that it wants it.
/// </remarks>
internal sealed partial class MySqlShardStore(
    MySqlAddress address, Func<int, string> databaseOf, Func<long> installationEpoch, int shard, ShardOwner owner,
    bool prefers, SteadyClock time, ILogger logger) : IShardStore
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(MySqlLimits.RetryMs);
    private readonly MySqlLease _lease = new(shard, owner, prefers);
    private readonly TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Guid _writerId = new(RandomNumberGenerator.GetBytes(16));
    private readonly BatchReader _reader = new(databaseOf);
    private readonly BatchWriter _writer = new(databaseOf);
    private readonly GaplessHead _gapless = new(shard);
    private readonly RowCache _known = new();
    private MySqlConnection? _connection;
    private long _commits;
    private long _epoch;

    // When it was last looked for a process that asks for the shard.
    private long _looked;

    // Of the batch that was begun without asking the server; null where it was asked.
    private BatchKeys? _presumed;
    private bool _isToRead;

    /// <inheritdoc/>
    public int Shard => shard;

    /// <inheritdoc/>
    public bool WaitsAtCommit => true;

    /// <inheritdoc/>
    public bool HasLease => true;

    /// <inheritdoc/>
    public Task Wanted => _wanted.Task;

    /// <summary>The session's number on the server, so that a test can end it; 0 without one.</summary>
    internal int ServerThread => _connection?.ServerThread ?? 0;

    /// <inheritdoc/>
    public ValueTask<ShardHead> AcquireAsync(CancellationToken cancel)
    {
        try
        {
            _connection ??= address.OpenWriter();
            _lease.RequireFree(_connection, _writerId);
            MySqlEpochs.RequireNewest(_connection, shard, installationEpoch());
            // The lease again, now that the row is locked: of two that found it free one was faster.
            var take = new SqlText().Add("START TRANSACTION; UPDATE shard_head SET epoch = epoch + 1, writer = ")
                .Value(_writerId).Add(", owner = ").Value(owner.Words).Add(", address = ").Value(owner.Address)
                .Add(", secret = ").Value(owner.Secret).Add($", preferred = {_lease.Keeps}, wanted_at = DEFAULT, "
                    + $"{MySqlRows.ExtendLease} WHERE {_lease.IsFree} OR writer = ").Value(_writerId)
                    .Add("; SELECT writer FROM shard_head; SELECT commits FROM shard_head; ")
                    .Add(MySqlRows.HeadQuery).Add("; COMMIT");
            var askedAt = time.GetTimestamp();
            using var command = MySqlLease.Command(_connection, take.ToString());
            using var reader = command.ExecuteReader();
            reader.Read();
            var winner = reader.GetGuid(0);
            reader.NextResult();
            reader.Read();
            _commits = reader.GetInt64(0);
            reader.NextResult();
            reader.Read();
            var head = MySqlRows.Head(reader, shard);
            time.Hear(address.Database, MySqlRows.ServerUs(reader), askedAt);
            // The end of the results is the answer to COMMIT.
            while (reader.NextResult())
            {
            }

            if (winner != _writerId) throw new TidelineException(
                ErrorCode.AlreadyOwned, $"Another process acquired shard {shard} a moment ago.");
            _gapless.MoveTo(head.EventSeq, head.MessageSeq);
            _epoch = head.Epoch;
            _known.Clear();
            return ValueTask.FromResult(head);
        }
        catch (MySqlException fault)
        {
            Drop();
            throw fault.Told();
        }
    }

    /// <inheritdoc/>
    public ValueTask RenewAsync()
    {
        try
        {
            _connection ??= Reattach();
            // A writer's name never comes back: where it still stands after the change, the change was made.
            var renew = new SqlText().Add($"UPDATE shard_head SET {MySqlRows.ExtendLease} WHERE writer = ")
                .Value(_writerId)
                .Add($"; SELECT writer, {MySqlRows.IsWanted}, {MySqlRows.NowUs} FROM shard_head");
            var askedAt = time.GetTimestamp();
            using var command = MySqlLease.Command(_connection, renew.ToString());
            using var reader = command.ExecuteReader();
            if (!reader.Read() || reader.GetGuid(0) != _writerId) throw new TidelineException(
                ErrorCode.NotOwner, $"Shard {shard} has another writer: another process acquired it.");
            time.Hear(address.Database, reader.GetInt64(2), askedAt);
            if (reader.GetBoolean(1)) BeWanted();
            return ValueTask.CompletedTask;
        }
        catch (MySqlException fault)
        {
            Drop();
            throw fault.Told();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<BatchRows> BeginAsync(BatchKeys keys)
    {
        var given = new BatchRows();
        _presumed = _known.Give(keys, given) && !_isToRead && _connection is not null ? keys : null;
        return _presumed is null ? await ReadAsync(keys, given) : given;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> CommitAsync(BatchWrites writes)
    {
        try
        {
            var (eventSeq, messageSeq) = _gapless.After(writes);
            if (!await CommitAsync(writes, messageSeq))
            {
                Forget();
                return false;
            }

            _gapless.MoveTo(eventSeq, messageSeq);
            _known.Learn(writes);
            return true;
        }
        catch
        {
            Forget();
            Rollback();
            throw;
        }
    }

    /// <summary>Nothing: a COMMIT that was answered is durable.</summary>
    public ValueTask SyncAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask RollbackAsync()
    {
        if (_presumed is null) Rollback();
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives the shard free, if its server can be told.</summary>
    public ValueTask DisposeAsync()
    {
        Release();
        _connection?.Dispose();
        _connection = null;
        return ValueTask.CompletedTask;
    }

    // What is given already is not read: it holds for as long as this writer owns the shard, which the same transaction
    // finds out.
    private async ValueTask<BatchRows> ReadAsync(BatchKeys keys, BatchRows rows)
    {
        var began = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                _connection ??= Reattach();
                var (writer, epoch) = _reader.Read(_connection, keys, rows);
                _isToRead = false;
                if (writer == _writerId) return rows;
                Rollback();
                throw Replaced(epoch);
            }
            catch (MySqlException fault) when (fault.IsContention() && attempt < LedgerLimits.StrongContentionRetries)
            {
                Rollback();
            }
            catch (Exception fault)
                when (fault.IsLost() && time.GetElapsedTime(began).TotalMilliseconds < MySqlLimits.WaitMs)
            {
                Drop();
                await Task.Delay(Pause, time);
            }
            catch (MySqlException fault)
            {
                Drop();
                throw fault.Told();
            }

            // A part may have been read.
            rows = new BatchRows();
            _known.Give(keys, rows);
        }
    }

    private async ValueTask<bool> CommitAsync(BatchWrites writes, long messageSeq)
    {
        if (_presumed is not null && !PresumedKeys.AreWritten(_presumed, writes)) return false;
        try
        {
            var connection = _connection
                ?? throw new TidelineException(ErrorCode.Internal, "A batch cannot be committed before it is begun.");
            var looks = time.GetElapsedTime(_looked).TotalMilliseconds >= LedgerLimits.LeaseRenewMs;
            if (looks) _looked = time.GetTimestamp();
            var askedAt = time.GetTimestamp();
            var (fence, begins) = ((_writerId, _epoch), _presumed is not null);
            if (_writer.Commit(connection, writes, messageSeq, fence, begins, looks) is var (isWanted, serverUs))
            {
                time.Hear(address.Database, serverUs, askedAt);
                if (isWanted) BeWanted();
            }

            _commits++;
            return true;
        }
        catch (MySqlException fault)
            when (fault.IsContention() || (_presumed is not null && fault.RefutesWhatWasKnown()))
        {
            Rollback();
            return false;
        }
        catch (Exception fault) when (fault.IsLost())
        {
            Drop();
            if (await IsCommittedAsync(fault)) return true;
            // As where a batch begins by asking: a session that has ended since the last one is no fault of this one.
            if (_presumed is not null) return false;
            throw new TidelineException(ErrorCode.StorageUnavailable,
                $"MySQL was lost before the batch was committed; nothing of it happened. {fault.Message}", fault);
        }
        catch (MySqlException fault)
        {
            throw fault.Told();
        }
    }

    // A COMMIT was sent and not answered.
    private async ValueTask<bool> IsCommittedAsync(Exception fault)
    {
        FateUnknown(logger, shard, fault);
        var (began, before) = (time.GetTimestamp(), _commits);
        while (time.GetElapsedTime(began).TotalMilliseconds < MySqlLimits.CommitFateMs)
        {
            try
            {
                _connection = Reattach();
                FateKnown(logger, shard,
                    _commits > before ? "committed" : "not committed", time.GetElapsedTime(began).TotalMilliseconds);
                return _commits > before;
            }
            catch (Exception gone) when (gone is MySqlException || gone.IsLost())
            {
                // Still gone, or the row's lock is still held: it is asked again.
                await Task.Delay(Pause, time);
            }
        }

        throw new TidelineException(
            ErrorCode.NotOwner,
            $"MySQL did not say in {MySqlLimits.CommitFateMs / 1_000} s whether the last batch of shard "
                + $"{shard} is committed; the shard ends here. A repeat with the same key finds out.", fault);
    }

    // A new session that goes on as this writer, and where the shard stands.
    private MySqlConnection Reattach()
    {
        var connection = address.OpenWriter();
        try
        {
            using (var look = MySqlLease.Command(
                connection, "START TRANSACTION; SELECT writer, epoch, commits FROM shard_head FOR UPDATE"))
            using (var reader = look.ExecuteReader())
            {
                if (!reader.Read())
                    throw new TidelineException(ErrorCode.Corrupt, $"{address.Database} has no head row.");
                if (reader.GetGuid(0) != _writerId) throw Replaced(reader.GetInt64(1));
                var commits = reader.GetInt64(2);
                if (commits < _commits)
                    throw new TidelineException(ErrorCode.Corrupt,
                        $"MySQL holds {commits} of the {_commits} batches of shard {shard} that it acknowledged: its "
                            + $"failover lost the rest. The shard stops before anything is built on the loss.");
                (_epoch, _commits) = (reader.GetInt64(1) + 1, commits);
            }

            using var mark = MySqlLease.Command(connection, "UPDATE shard_head SET epoch = epoch + 1; COMMIT");
            mark.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void BeWanted()
    {
        if (!_lease.Keeps) _wanted.TrySetResult();
    }

    private void Release()
    {
        if (_connection is null) return;
        try
        {
            var release = new SqlText()
                .Add("ROLLBACK; UPDATE shard_head SET lease_until = UTC_TIMESTAMP(6) WHERE writer = ")
                .Value(_writerId);
            using var command = MySqlLease.Command(_connection, release.ToString());
            command.ExecuteNonQuery();
        }
        catch (Exception fault) when (fault is MySqlException or InvalidOperationException)
        {
            // The lease ends by itself.
        }
    }

    // Nothing is known any more: the next batch asks.
    private void Forget()
    {
        _known.Clear();
        _isToRead = true;
    }

    private void Rollback()
    {
        if (_connection is null) return;
        try
        {
            using var rollback = MySqlLease.Command(_connection, "ROLLBACK");
            rollback.ExecuteNonQuery();
        }
        catch (Exception fault) when (fault is MySqlException or InvalidOperationException)
        {
            // A session that ends takes its transaction with it.
            Drop();
        }
    }

    private void Drop()
    {
        _connection?.Dispose();
        _connection = null;
        _known.Clear();
        address.DoubtWriter();
    }

    private TidelineException Replaced(long epoch) =>
        new(ErrorCode.NotOwner, $"Shard {shard} has epoch {epoch} and another writer: another process acquired it.");

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Shard {Shard}: a COMMIT was not answered; its fate is looked up.")]
    private static partial void FateUnknown(ILogger logger, int shard, Exception fault);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Shard {Shard}: that batch was {Fate}; found out after {Ms:0} ms.")]
    private static partial void FateKnown(ILogger logger, int shard, string fate, double ms);
}
