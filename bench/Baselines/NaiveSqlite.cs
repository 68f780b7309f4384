#pragma warning disable CA2213 // The database closes its statements.
using System.Diagnostics;
using Tideline.Bench.Figures;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Bench.Baselines;

/// <summary>
/// A transfer as a typical service does it: 64 clients at once, each transfer one database transaction that looks up its key, selects the balances,
/// checks, writes the rows and commits. Clients of one file wait on a lock, which on SQLite is faster than its busy handler.
/// </summary>
internal sealed class NaiveSqlite(string folder, int shards, int accountsPerShard, PayloadSizes sizes, TimeProvider time)
{
    /// <summary>Transfers per second with <paramref name="clients"/> clients at once, and how long each took.</summary>
    public async Task<(double PerSecond, Latencies Latencies)> RunAsync(int clients, TimeSpan duration)
    {
        var opened = Enumerable.Range(0, shards).Select(shard => new NaiveShard(new BaselineShard(folder, shard, shards, accountsPerShard, sizes, seed: 2))).ToArray();
        try
        {
            var started = Stopwatch.GetTimestamp();
            var parts = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Factory.StartNew(
                () => Run(opened[client % shards], duration), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            var all = Latencies.Merge(parts);
            return (all.Count / Stopwatch.GetElapsedTime(started).TotalSeconds, all);
        }
        finally
        {
            foreach (var shard in opened) shard.Dispose();
        }
    }

    private Latencies Run(NaiveShard shard, TimeSpan duration)
    {
        var latencies = new Latencies();
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            var before = Stopwatch.GetTimestamp();
            shard.Transfer(time.NowUs());
            latencies.Add(before);
        }

        return latencies;
    }
}

/// <summary>A shard file that one client at a time writes.</summary>
internal sealed class NaiveShard(BaselineShard shard) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteStatement _known = shard.Database.Prepare("SELECT subject FROM outcomes WHERE key = ?");
    private readonly SqliteStatement _read = shard.Database.Prepare("SELECT posted, version, status, currency, pending_out, overdraft_limit FROM accounts WHERE id = ?");
    private long _made;

    public void Transfer(long timeUs)
    {
        lock (_gate)
        {
            var (from, to) = Pick();
            var amount = 1 + shard.Random.Below(100);
            var (id, key) = (NextId(), shard.Random.NextGuid());
            shard.Begin();
            if (!IsNew(key) || !Read(from, amount) || !Read(to, 0)) throw new InvalidOperationException("The baseline's own data refuses a transfer.");
            Move(from, -amount, id, timeUs);
            Move(to, amount, id, timeUs);
            shard.InsertTransaction(id, amount, timeUs);
            shard.InsertEvent(5, from.Id, from.Version, timeUs);
            shard.InsertEvent(6, to.Id, to.Version, timeUs);
            shard.InsertOutcome(key, id, from.Posted, reserved: false, timeUs);
            shard.InsertSaga(id, timeUs);
            shard.Commit(timeUs);
        }
    }

    public void Dispose() => shard.Dispose();

    private (BaselineAccount From, BaselineAccount To) Pick()
    {
        var from = shard.Random.Below(shard.Accounts.Length);
        var to = shard.Random.Below(shard.Accounts.Length);
        if (from == to) to = (from + 1) % shard.Accounts.Length;
        return (shard.Accounts[from], shard.Accounts[to]);
    }

    private bool IsNew(Guid key)
    {
        var known = _known.Bind(key).Step();
        _known.Reset();
        return !known;
    }

    private bool Read(BaselineAccount account, long amount)
    {
        var found = _read.Bind(account.Id).Step();
        if (found) (account.Posted, account.Version) = (_read.Long(0), _read.Long(1));
        var usable = found && _read.Long(2) == 0 && _read.Text(3) == "EUR" && account.Posted - _read.Long(4) + _read.Long(5) >= amount;
        _read.Reset();
        return usable;
    }

    private void Move(BaselineAccount account, long amount, Guid transaction, long timeUs)
    {
        account.Posted += amount;
        account.Version++;
        shard.UpdateAccount(account);
        shard.InsertEntry(new BaselineEntry(account.Id, account.Version, transaction, amount, account.Posted), timeUs);
    }

    private Guid NextId()
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, ++_made);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], shard.Random.Next());
        return new Guid(bytes, bigEndian: true);
    }
}
