#pragma warning disable CA2000 // The connection lives as long as the writer; DisposeAsync closes it.
using System.Threading.Channels;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>
/// The one writer: whatever calls wait are carried out in one transaction and answered after its commit.
/// </summary>
internal sealed class SqliteViewWriter : IAsyncDisposable
{
    private readonly Channel<Job> _jobs = Channel.CreateBounded<Job>(
        new BoundedChannelOptions(1_024) { SingleReader = true });
    private readonly string _path;
    private readonly CollectionCatalog _catalog;
    private readonly Task _loop;
    private SqliteDatabase _database;
    private Checkpointer _checkpointer;

    // The identity of the open file; an object, so that threads read it whole.
    private volatile object? _file;

    // Another file stands in the place of the one that is open.
    private volatile bool _isReplaced;

    private SqliteViewWriter(string path, SqliteDatabase database, CollectionCatalog catalog)
    {
        (_path, _database, _catalog) = (path, database, catalog);
        (_checkpointer, _file) = (new Checkpointer(database, writesOut: true), FileIdentity.Of(path));
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Opens the file, makes its tables when it is new and reads its catalogue.</summary>
    public static SqliteViewWriter Open(string path, CollectionCatalog catalog) =>
        new(path, OpenFile(path, catalog), catalog);

    /// <summary>
    /// Opens the file again if somebody removed or replaced it: what is written to the old one nobody would find again.
    /// </summary>
    /// <returns>Whether it was so.</returns>
    /// <exception cref="TidelineException">Corrupt, StorageUnavailable, IncompatibleData: it cannot be
    /// opened.</exception>
    public async Task<bool> FollowFileAsync(CancellationToken cancel)
    {
        if (!_isReplaced && FileIdentity.Of(_path) is { } now && now.Equals(_file)) return false;
        _isReplaced = true;
        await RunAsync(static _ => { }, cancel);
        return true;
    }

    private static SqliteDatabase OpenFile(string path, CollectionCatalog catalog)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var database = SqliteDatabase.OpenWriter(path);
        try
        {
            StateTables.Create(database);
            catalog.Load(database);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Carries out <paramref name="work"/> inside a transaction; durable when it returns, unless the ledger can give it
    /// again (<see cref="SqliteDatabase.Begin"/>).
    /// </summary>
    public async Task RunAsync(Action<SqliteDatabase> work, CancellationToken cancel, bool durable = true)
    {
        var job = new Job(work, durable, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await _jobs.Writer.WriteAsync(job, cancel);
        }
        catch (ChannelClosedException)
        {
            throw new TidelineException(ErrorCode.ShuttingDown, "The view store is closing.");
        }

        await job.Done.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _jobs.Writer.TryComplete();
        await _loop;
        _checkpointer.Dispose();
        _database.Dispose();
    }

    private async Task LoopAsync()
    {
        var group = new List<Job>();
        while (await _jobs.Reader.WaitToReadAsync())
        {
            while (group.Count < 64 && _jobs.Reader.TryRead(out var job)) group.Add(job);
            if (!TryCommit(group, out var fault))
            {
                // One bad call must not fail its neighbours: each is tried alone.
                foreach (var job in group)
                {
                    if (group.Count == 1 || !TryCommit([job], out fault)) job.Done.SetException(fault!);
                    else job.Done.SetResult();
                }
            }
            else
            {
                foreach (var job in group) job.Done.SetResult();
            }

            group.Clear();
        }
    }

    private bool TryCommit(List<Job> jobs, out Exception? fault)
    {
        try
        {
            if (_isReplaced) OpenAgain();
            _checkpointer.BetweenTransactions();
            _database.Begin(jobs.Exists(job => job.IsDurable));
            foreach (var job in jobs) job.Work(_database);
            _database.Commit();
            fault = null;
            return true;
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            fault = SqliteViewReaders.IsMissingTable(thrown)
                ? new TidelineException(ErrorCode.NotFound, thrown.Message, thrown) : thrown;
            Abandon();
            return false;
        }
    }

    private void OpenAgain()
    {
        var database = OpenFile(_path, _catalog);
        _checkpointer.Dispose();
        _database.Dispose();
        (_database, _checkpointer, _file) =
            (database, new Checkpointer(database, writesOut: true), FileIdentity.Of(_path));
        _isReplaced = false;
    }

    // The fault that led here is the one to report; a rollback that fails too leaves nothing committed either.
    private void Abandon()
    {
        try
        {
            _database.Rollback();
            // Somebody may have dropped them.
            StateTables.Create(_database);
            _catalog.Load(_database);
        }
        catch (TidelineException)
        {
            return;
        }
    }

    private sealed record Job(Action<SqliteDatabase> Work, bool IsDurable, TaskCompletionSource Done);
}
