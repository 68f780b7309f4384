using System.Diagnostics;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills.Failover;

/// <summary>Sends a transfer with its key and answers the id of what was settled.</summary>
/// <exception cref="TidelineException">Transient: it is to be sent again with its key.</exception>
internal delegate Task<Guid> SendTransfer(Guid from, Guid to, Money amount, Guid key, CancellationToken cancel);

/// <summary>
/// Clients that send transfers with keys and repeat each with its key until it is answered; so what the books must hold
/// in the end is known to the cent. It tells for how long a shard was left without an answer. Some of the clients may
/// send between shards, which the log has to carry.
/// </summary>
internal sealed class FailoverLoad
{
    private const int RestMs = 20;
    private static readonly TimeSpan RepeatsLimit = TimeSpan.FromMinutes(2);
    private readonly ShardMap _map;
    private readonly SendTransfer _send;
    private readonly AccountSet _accounts;
    private readonly int _pauseMs;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, long> _moved = [];
    private readonly List<Answer> _answered = [];
    private readonly long[] _lastAt;
    private readonly double[] _gapMs;
    private volatile bool _ending;
    private readonly Task _clients;

    /// <summary>
    /// Starts the clients; the first <paramref name="crossing"/> of them send between shards, the others within one.
    /// </summary>
    public FailoverLoad(ShardMap map,
        SendTransfer send, AccountSet accounts, int clients, SeededRandom random, int pauseMs = 0, int crossing = 0)
    {
        (_map, _send, _accounts, _pauseMs) = (map, send, accounts, pauseMs);
        // One for what stays on each shard, and one for what leaves it.
        var lanes = crossing > 0 ? 2 * map.Shards : map.Shards;
        (_lastAt, _gapMs) = (new long[lanes], new double[lanes]);
        Array.Fill(_lastAt, Stopwatch.GetTimestamp());
        var randoms = Enumerable.Range(0, clients).Select(_ => random.Fork()).ToArray();
        _clients = Task.WhenAll(randoms.Select((own, client) => Task.Run(() => ClientAsync(own, client < crossing))));
    }

    /// <summary>Commands that were answered.</summary>
    public int Answered
    {
        get
        {
            lock (_lock) return _answered.Count;
        }
    }

    /// <summary>Those of them that went between shards.</summary>
    public int AnsweredCrossing
    {
        get
        {
            lock (_lock) return _answered.Count(answer => LaneOf(answer) >= _map.Shards);
        }
    }

    /// <summary>Answers that had to be asked for again, because the first question was not answered.</summary>
    public int AskedAgain { get; private set; }

    /// <summary>Forgets the gaps.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            Array.Clear(_gapMs);
            Array.Fill(_lastAt, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>
    /// The longest time since <see cref="Begin"/> in which a shard answered nobody who stays on it, milliseconds.
    /// </summary>
    public double LongestGapMs()
    {
        lock (_lock) return _gapMs.Take(_map.Shards).Max();
    }

    /// <summary>
    /// The longest time since <see cref="Begin"/> in which nothing settled that leaves a shard, milliseconds; 0 when
    /// nobody sends between shards.
    /// </summary>
    public double LongestCrossingGapMs()
    {
        lock (_lock) return _gapMs.Skip(_map.Shards).DefaultIfEmpty().Max();
    }

    /// <summary>Whether every shard has answered after a moment, those who leave it too.</summary>
    public bool AnsweredSince(long timestamp)
    {
        lock (_lock) return _lastAt.All(at => at > timestamp);
    }

    /// <summary>Lets every client finish what it has begun.</summary>
    public async Task EndAsync()
    {
        _ending = true;
        await _clients;
    }

    /// <summary>Accounts whose balance is not what was answered: with what was moved twice, or was lost.</summary>
    public async Task<IReadOnlyList<string>> DifferencesAsync(
        IReadOnlyList<IShardReader> books, long fundsMinor, CancellationToken cancel)
    {
        var found = new List<string>();
        foreach (var account in _accounts.ByShard.SelectMany(shard => shard))
        {
            var row = await books[_map.ShardOf(account)].GetAccountAsync(account, cancel);
            var expected = fundsMinor + _moved.GetValueOrDefault(account);
            if (row?.PostedMinor != expected) found.Add($"{account} has {row?.PostedMinor} instead of {expected}");
        }

        return found;
    }

    /// <summary>Acknowledged transfers that the books do not hold.</summary>
    public async Task<int> LostAsync(IReadOnlyList<IShardReader> books, CancellationToken cancel)
    {
        var lost = 0;
        await Parallel.ForEachAsync(_answered, new ParallelOptions
        {
            MaxDegreeOfParallelism = MySqlLimits.StrongReaders, CancellationToken = cancel
        }, async (answer, token) =>
        {
            if (await books[_map.ShardOf(answer.From)].GetTransactionAsync(answer.TransferId, token) is null)
                Interlocked.Increment(ref lost);
        });
        return lost;
    }

    /// <summary>Transfers that were answered otherwise when they were sent again.</summary>
    /// <exception cref="TimeoutException">Not all of them were answered in time.</exception>
    public async Task<int> RepeatedOtherwiseAsync(int sample, SeededRandom random, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(RepeatsLimit);
        var otherwise = 0;
        try
        {
            for (var at = 0; at < Math.Min(sample, _answered.Count); at++)
            {
                var known = _answered[random.Below(_answered.Count)];
                // A connection that rested for long may be closed; so these are asked again as the load is.
                otherwise += await SendAsync(known.From, known.To, known.Amount, known.Key, limit.Token)
                    == known.TransferId ? 0 : 1;
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"After {RepeatsLimit.TotalSeconds:0} s not every transfer that was sent again is answered.");
        }

        return otherwise;
    }

    private async Task ClientAsync(SeededRandom random, bool isCrossing)
    {
        while (!_ending)
        {
            var (from, to) = isCrossing ? _accounts.CrossShardPair(random) : _accounts.SameShardPair(random);
            var (amount, key) = (new Money(1 + random.Below(100), AccountSet.Currency), random.NextGuid());
            Note(new Answer(from, to, amount, key, await SendAsync(from, to, amount, key, CancellationToken.None)));
            if (_pauseMs > 0) await Task.Delay(_pauseMs);
        }
    }

    private async Task<Guid> SendAsync(Guid from, Guid to, Money amount, Guid key, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await _send(from, to, amount, key, cancel);
            }
            catch (TidelineException fault) when (fault.IsTransient)
            {
                lock (_lock) AskedAgain++;
                await Task.Delay(RestMs, cancel);
            }
        }
    }

    private void Note(Answer answer)
    {
        var (now, lane) = (Stopwatch.GetTimestamp(), LaneOf(answer));
        lock (_lock)
        {
            _gapMs[lane] = Math.Max(_gapMs[lane], Stopwatch.GetElapsedTime(_lastAt[lane], now).TotalMilliseconds);
            _lastAt[lane] = now;
            _answered.Add(answer);
            _moved[answer.From] = _moved.GetValueOrDefault(answer.From) - answer.Amount.Minor;
            _moved[answer.To] = _moved.GetValueOrDefault(answer.To) + answer.Amount.Minor;
        }
    }

    private int LaneOf(Answer answer)
    {
        var shard = _map.ShardOf(answer.From);
        return shard == _map.ShardOf(answer.To) ? shard : _map.Shards + shard;
    }

    private sealed record Answer(Guid From, Guid To, Money Amount, Guid Key, Guid TransferId);
}
