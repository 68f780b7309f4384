using System.Diagnostics;
using Tideline.Bench.Load;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Payments;

namespace Tideline.Bench.Drills.Failover;

/// <summary>
/// Clients that send transfers with keys and repeat each with its key until it is answered; so what the books must hold in the end is known to the cent. It tells how long no shard was
/// left without an answer.
/// </summary>
internal sealed class FailoverLoad
{
    private const int RestMs = 20;
    private readonly GeneralLedger _ledger;
    private readonly PaymentsService _payments;
    private readonly AccountSet _accounts;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, long> _moved = [];
    private readonly List<(TransferRequest Request, Guid TransferId)> _answered = [];
    private readonly long[] _lastAt;
    private readonly double[] _gapMs;
    private volatile bool _ending;
    private readonly Task _clients;

    public FailoverLoad(GeneralLedger ledger, PaymentsService payments, AccountSet accounts, int clients, SeededRandom random)
    {
        (_ledger, _payments, _accounts) = (ledger, payments, accounts);
        (_lastAt, _gapMs) = (new long[ledger.Map.Shards], new double[ledger.Map.Shards]);
        Array.Fill(_lastAt, Stopwatch.GetTimestamp());
        var randoms = Enumerable.Range(0, clients).Select(_ => random.Fork()).ToArray();
        _clients = Task.WhenAll(randoms.Select(own => Task.Run(() => ClientAsync(own))));
    }

    /// <summary>Commands that were answered.</summary>
    public int Answered
    {
        get
        {
            lock (_lock) return _answered.Count;
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

    /// <summary>The longest time since <see cref="Begin"/> in which a shard answered nobody, milliseconds.</summary>
    public double LongestGapMs()
    {
        lock (_lock) return _gapMs.Max();
    }

    /// <summary>Whether every shard has answered after a moment.</summary>
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
    public async Task<IReadOnlyList<string>> DifferencesAsync(long fundsMinor, CancellationToken cancel)
    {
        var found = new List<string>();
        foreach (var account in _accounts.ByShard.SelectMany(shard => shard))
        {
            var row = await _ledger.ReaderOf(account).GetAccountAsync(account, cancel);
            var expected = fundsMinor + _moved.GetValueOrDefault(account);
            if (row?.PostedMinor != expected) found.Add($"{account} has {row?.PostedMinor} instead of {expected}");
        }

        return found;
    }

    /// <summary>Acknowledged transfers that the books do not hold.</summary>
    public async Task<int> LostAsync(CancellationToken cancel)
    {
        var lost = 0;
        await Parallel.ForEachAsync(_answered, new ParallelOptions { MaxDegreeOfParallelism = Limits.StrongReaders, CancellationToken = cancel }, async (answer, token) =>
        {
            if (await _ledger.ReaderOf(answer.Request.From).GetTransactionAsync(answer.TransferId, token) is null) Interlocked.Increment(ref lost);
        });
        return lost;
    }

    /// <summary>Transfers that were answered otherwise when they were sent again.</summary>
    public async Task<int> RepeatedOtherwiseAsync(int sample, SeededRandom random, CancellationToken cancel)
    {
        var otherwise = 0;
        for (var at = 0; at < Math.Min(sample, _answered.Count); at++)
        {
            var (request, id) = _answered[random.Below(_answered.Count)];
            otherwise += (await _payments.TransferAsync(request, cancel)).TransferId == id ? 0 : 1;
        }

        return otherwise;
    }

    private async Task ClientAsync(SeededRandom random)
    {
        while (!_ending)
        {
            var (from, to) = _accounts.SameShardPair(random);
            var request = new TransferRequest(null, from, to, new Money(1 + random.Below(100), AccountSet.Currency), null, random.NextGuid(), random.NextGuid());
            var reply = await SendAsync(request);
            if (reply.Status != TransferStatus.Settled) throw new TidelineException(ErrorCode.Internal, $"A transfer of the load did not settle: {reply.Status} {reply.Refusal?.Detail}");
            Note(request, reply.TransferId);
        }
    }

    private async Task<TransferReply> SendAsync(TransferRequest request)
    {
        while (true)
        {
            try
            {
                return await _payments.TransferAsync(request, CancellationToken.None);
            }
            catch (TidelineException fault) when (fault.IsTransient)
            {
                lock (_lock) AskedAgain++;
                await Task.Delay(RestMs);
            }
        }
    }

    private void Note(TransferRequest request, Guid transferId)
    {
        var (now, shard) = (Stopwatch.GetTimestamp(), _ledger.Map.ShardOf(request.From));
        lock (_lock)
        {
            _gapMs[shard] = Math.Max(_gapMs[shard], Stopwatch.GetElapsedTime(_lastAt[shard], now).TotalMilliseconds);
            _lastAt[shard] = now;
            _answered.Add((request, transferId));
            _moved[request.From] = _moved.GetValueOrDefault(request.From) - request.Amount.Minor;
            _moved[request.To] = _moved.GetValueOrDefault(request.To) + request.Amount.Minor;
        }
    }
}
