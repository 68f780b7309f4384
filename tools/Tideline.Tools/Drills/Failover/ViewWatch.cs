using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills.Failover;

/// <summary>
/// Asks a process again and again how far its views are, and tells the longest time from when an event was committed,
/// as it was first heard of, until the views had it.
/// </summary>
internal sealed class ViewWatch : IAsyncDisposable
{
    private const int EveryMs = 20;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<(long At, long Head)>[] _unseen;
    private readonly int _port;
    private readonly Task _watching;
    private double _longestMs;

    public ViewWatch(int port, int shards)
    {
        (_port, _unseen) = (port, [.. Enumerable.Range(0, shards).Select(_ => new Queue<(long, long)>())]);
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>Forgets what was; what the views do not have yet counts from now.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            _longestMs = 0;
            foreach (var shard in _unseen) shard.Clear();
        }
    }

    /// <summary>
    /// The longest time since <see cref="Begin"/> that an event was not in the views, milliseconds; one that is not
    /// there yet counts so far.
    /// </summary>
    public double LongestMs()
    {
        lock (_lock) return _unseen.Where(shard => shard.Count > 0)
            .Select(shard => Stopwatch.GetElapsedTime(shard.Peek().At).TotalMilliseconds).Append(_longestMs).Max();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var connection = await HttpConnection.OpenAsync(_port, _stop.Token);
                await WatchAsync(connection);
            }
            catch (Exception fault) when (fault is SocketException or IOException or OperationCanceledException)
            {
                // Who does not say it does not have it: what is not in the views counts on.
                await Task.Delay(EveryMs, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WatchAsync(HttpConnection connection)
    {
        while (true)
        {
            var answer = await connection.GetAsync("/v1/ops/projections?projection=customers", _stop.Token);
            if (answer.Status == 200) Note(JsonNode.Parse(answer.Body)!["items"]!.AsArray());
            await Task.Delay(EveryMs, _stop.Token);
        }
    }

    private void Note(JsonArray shards)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            foreach (var shard in shards)
            {
                var (unseen, head, watermark) =
                    (_unseen[(int)shard!["shard"]!], (long)shard["head"]!, (long)shard["watermark"]!);
                if (head > watermark && (unseen.Count == 0 || unseen.Last().Head < head)) unseen.Enqueue((now, head));
                while (unseen.TryPeek(out var first) && first.Head <= watermark)
                {
                    _longestMs = Math.Max(
                        _longestMs, Stopwatch.GetElapsedTime(unseen.Dequeue().At, now).TotalMilliseconds);
                }
            }
        }
    }
}
