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
    private readonly SqliteDatabase _database;
    private readonly Checkpointer _checkpointer;
    private readonly CollectionCatalog _catalog;
    private readonly Task _loop;

    private SqliteViewWriter(SqliteDatabase database, CollectionCatalog catalog)
    {
        (_database, _catalog, _checkpointer) = (database, catalog, new Checkpointer(database, writesOut: true));
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Opens the file, makes its tables when it is new and reads its catalogue.</summary>
    public static SqliteViewWriter Open(string path, CollectionCatalog catalog)
    {
        var database = SqliteDatabase.OpenWriter(path);
        try
        {
            StateTables.Create(database);
            catalog.Load(database);
            return new SqliteViewWriter(database, catalog);
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
