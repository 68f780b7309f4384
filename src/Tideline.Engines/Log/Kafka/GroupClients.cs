using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Reads and keeps the offsets of groups, with a consumer for each that joins nothing and reads nothing. Not with the
/// admin client: what it asks the coordinator of a group, a line that breaks meanwhile leaves without an answer, or
/// ends the process (docs/decisions/0014).
/// </summary>
internal sealed class GroupClients(Func<string, IConsumer<byte[], byte[]>> open) : IAsyncDisposable
{
    private static readonly TimeSpan Request = TimeSpan.FromMilliseconds(KafkaLimits.RequestMs);
    private readonly ConcurrentDictionary<string, Lazy<Client>> _clients = new(StringComparer.Ordinal);

    /// <summary>The next offset of a group; null when Kafka knows none.</summary>
    /// <exception cref="KafkaException">The coordinator does not answer.</exception>
    public Task<long?> ReadAsync(string group, TopicPartition place, CancellationToken cancel) => AskAsync<long?>(
        group, consumer => consumer.Committed([place], Request)[0].Offset is { Value: >= 0 } next
            ? next.Value
            : null, cancel);

    /// <summary>
    /// Keeps the next offset of a group, durably. One after the other: an older one that was late never comes after a
    /// newer one.
    /// </summary>
    /// <exception cref="KafkaException">The coordinator does not answer; what became of it is not known.</exception>
    public Task<bool> KeepAsync(string group, TopicPartition place, long next, CancellationToken cancel) => AskAsync(
        group,
        consumer =>
        {
            consumer.Commit([new TopicPartitionOffset(place, next)]);
            return true;
        },
        cancel);

    /// <summary>Waits for the questions that are under way: nobody may be inside a client that is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values.Select(client => client.Value))
        {
            await client.Turn.WaitAsync();
            client.Consumer.Dispose();
            client.Turn.Dispose();
        }
    }

    private async Task<T> AskAsync<T>(string group, Func<IConsumer<byte[], byte[]>, T> ask, CancellationToken cancel)
    {
        var client = _clients.GetOrAdd(
            group, name => new Lazy<Client>(() => new Client(open(name), new SemaphoreSlim(1, 1)))).Value;
        await client.Turn.WaitAsync(cancel);
        // Whoever gives up waiting leaves the question to itself, with its turn.
        var answer = Task.Run(() => ask(client.Consumer), CancellationToken.None);
        _ = answer.ContinueWith(_ => client.Turn.Release(),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return await answer;
    }

    private sealed record Client(IConsumer<byte[], byte[]> Consumer, SemaphoreSlim Turn);
}
