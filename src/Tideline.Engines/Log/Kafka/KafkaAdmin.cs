using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Tideline.Kernel;
using KafkaError = Confluent.Kafka.ErrorCode;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// The questions that the log asks the brokers. Each is asked again while that may help, for
/// <see cref="KafkaLimits.CallMs"/> at most.
/// </summary>
internal sealed class KafkaAdmin(IAdminClient client, OffsetReader offsets, GroupClients groups, TimeProvider time)
    : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(KafkaLimits.CallMs);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(KafkaLimits.RetryMs);
    private static readonly TimeSpan Request = TimeSpan.FromMilliseconds(KafkaLimits.RequestMs);
    private static readonly TimeSpan Last = TimeSpan.FromMilliseconds(KafkaLimits.RequestMs + KafkaLimits.CloseMs);
    private readonly SemaphoreSlim _deleting = new(1, 1);
    private readonly ConcurrentDictionary<Task, bool> _asked = new();
    private readonly Lock _closing = new();
    private bool _isClosed;

    /// <summary>
    /// An offset of each partition: <see cref="OffsetReader.First"/>, <see cref="OffsetReader.End"/>, or the first
    /// record not older than a time, -1 when there is none.
    /// </summary>
    public Task<long[]> OffsetsAsync(IReadOnlyList<TopicPartition> places, long which, CancellationToken cancel) =>
        places.Count == 0 ? Task.FromResult<long[]>([])
            : AskAsync("tell offsets", () => offsets.ReadAsync(places, which, cancel), cancel);

    /// <summary>Where a group goes on; null when Kafka does not know it.</summary>
    public Task<long?> GroupOffsetAsync(string group, TopicPartition place, CancellationToken cancel) =>
        AskAsync("tell the offset of a group", () => groups.ReadAsync(group, place, cancel), cancel);

    public Task SetGroupOffsetAsync(string group, TopicPartition place, long next, CancellationToken cancel) =>
        AskAsync("keep the offset of a group", () => groups.KeepAsync(group, place, next, cancel), cancel);

    /// <summary>Drops the records of a partition before an offset.</summary>
    public Task DeleteRecordsAsync(TopicPartition place, long before, CancellationToken cancel) =>
        AskAsync("delete records", async () =>
    {
        await _deleting.WaitAsync(cancel);
        try
        {
            // The client must know the leader beforehand: to look for it is not safe there (docs/decisions/0014).
            if (!(await MetadataAsync(place.Topic)).Partitions.Exists(
                partition => partition.PartitionId == place.Partition.Value && partition.Leader >= 0))
                throw new KafkaException(new Error(KafkaError.LeaderNotAvailable, $"{place} has no leader"));
            var within = new DeleteRecordsOptions { RequestTimeout = Request, OperationTimeout = Request };
            return await Asked(() => client.DeleteRecordsAsync([new TopicPartitionOffset(place, before)], within))
                .WaitAsync(Patience, time, cancel);
        }
        finally
        {
            _deleting.Release();
        }
    }, cancel);

    /// <summary>Makes a topic unless it is there.</summary>
    public async Task CreateTopicAsync(TopicSpecification topic, CancellationToken cancel)
    {
        try
        {
            await AskAsync($"make the topic {topic.Name}", async () =>
            {
                await client.CreateTopicsAsync([topic],
                new CreateTopicsOptions { RequestTimeout = Request, OperationTimeout = Request }); return true;
            },
                cancel);
        }
        catch (TidelineException fault) when (fault.InnerException is CreateTopicsException refused
            && KafkaFaults.ErrorsOf(refused).All(error => error.Code == KafkaError.TopicAlreadyExists))
        {
            // Another process was first.
            return;
        }
    }

    /// <summary>
    /// A topic, once each of its partitions has a leader; null when there is none of that name and
    /// <paramref name="isMade"/> does not say that it was just made.
    /// </summary>
    public Task<TopicDescription?> DescribeTopicAsync(string topic, bool isMade, CancellationToken cancel) =>
        AskAsync($"describe {topic}", async () =>
    {
        // Whether it has leaders is asked beforehand: an answer that describes a partition without replicas in sync is
        // lost in the client of .NET (docs/decisions/0014).
        var seen = await MetadataAsync(topic);
        if (seen.Error.Code == KafkaError.UnknownTopicOrPart && !isMade) return null;
        if (seen.Error.IsError) throw new KafkaException(seen.Error);
        if (seen.Partitions.Exists(partition => partition.Leader < 0))
            throw new KafkaException(new Error(KafkaError.LeaderNotAvailable, $"partitions of {topic} have no leader"));
        return (await client.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]),
            new DescribeTopicsOptions { RequestTimeout = Request })).TopicDescriptions[0];
    }, cancel);

    public async Task<IReadOnlyDictionary<string, string>> ConfigurationAsync(string topic, CancellationToken cancel)
    {
        var asked = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        var answer = await AskAsync($"describe {topic}", () =>
            client.DescribeConfigsAsync([asked], new DescribeConfigsOptions { RequestTimeout = Request }), cancel);
        return answer[0].Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Value);
    }

    /// <summary>
    /// Waits for the answers that nobody waits for any more; nothing is asked from now on. A client that never gives
    /// them is left as it is: to close it over an answer that was not taken, or that still arrives, ends the process.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        lock (_closing) _isClosed = true;
        // Nobody may be inside a client that is closed.
        await _deleting.WaitAsync();
        _deleting.Dispose();
        await offsets.DisposeAsync();
        await groups.DisposeAsync();
        await Task.WhenAll(_asked.Keys).WaitAsync(Last, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_asked.Keys.All(answer => answer.IsCompleted)) client.Dispose();
    }

    private async Task<TopicMetadata> MetadataAsync(string topic) =>
        (await Task.Run(() => client.GetMetadata(topic, Request))).Topics[0];

    private async Task<T> Asked<T>(Func<Task<T>> ask)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_closing)
        {
            if (_isClosed) throw new TidelineException(Kernel.ErrorCode.ShuttingDown, "The log is closed.");
            _asked.TryAdd(ended.Task, true);
        }

        try
        {
            return await ask();
        }
        finally
        {
            _asked.TryRemove(ended.Task, out _);
            ended.SetResult();
        }
    }

    private async Task<T> AskAsync<T>(string what, Func<Task<T>> ask, CancellationToken cancel)
    {
        var begun = time.GetTimestamp();
        KafkaException? last = null;
        for (var left = Patience; ; left = Patience - time.GetElapsedTime(begun))
        {
            try
            {
                // The client of .NET loses some failures, and its task then never ends.
                return await Asked(ask).WaitAsync(left > Rest ? left : Rest, time, cancel);
            }
            catch (KafkaException fault)
            {
                if (!KafkaFaults.MayPass(fault) || left <= Rest) throw KafkaFaults.Unavailable(what, fault);
                last = fault;
            }
            catch (TimeoutException)
            {
                throw last is null ? KafkaFaults.Silent(what, KafkaLimits.CallMs) : KafkaFaults.Unavailable(what, last);
            }

            await Task.Delay(Rest, time, cancel);
        }
    }
}
