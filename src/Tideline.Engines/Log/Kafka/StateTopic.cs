using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Tideline.Kernel;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// What Kafka does not keep for us, on a compacted topic: how far the history of each partition was known, so that an
/// open reads only what came since and knows sources whose records retention took; and which groups there are, with a
/// copy of their offsets.
/// </summary>
internal sealed class StateTopic(
    TopicInfo topic, KafkaAdmin admin, BulkReader bulk, IProducer<byte[], byte[]> producer, RecordSeal seal,
        TimeProvider time) : IDisposable
{
    /// <summary>The name of the topic, after the prefix.</summary>
    public const string Name = "tideline.state";

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(KafkaLimits.AppendMs);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentDictionary<string, StateEntry> _entries = new(StringComparer.Ordinal);
    private readonly TopicPartition _place = new(topic.KafkaName, 0);
    private long _position;

    public IEnumerable<HistoryEntry> Histories =>
        _entries.Values.Where(entry => entry.History is not null).Select(entry => entry.History!);

    public IEnumerable<GroupEntry> Groups =>
        _entries.Values.Where(entry => entry.Group is not null).Select(entry => entry.Group!);

    public HistoryEntry? History(string ofTopic, int partition, string topicId) =>
        _entries.TryGetValue($"history/{ofTopic}/{partition}", out var entry)
            && entry.History!.TopicId == topicId ? entry.History : null;

    public GroupEntry? Group(string group, string ofTopic, int partition, string topicId) =>
        _entries.TryGetValue($"group/{group}/{ofTopic}/{partition}", out var entry)
            && entry.Group!.TopicId == topicId ? entry.Group : null;

    /// <summary>Reads what other processes wrote.</summary>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            var end = (await admin.OffsetsAsync([_place], OffsetReader.End, cancel))[0];
            _position = Math.Max(_position, await bulk.ReadAsync(_place, _position, end, Take, cancel));
        }
        catch (KafkaException fault)
        {
            throw KafkaFaults.Unavailable($"give {topic.KafkaName}", fault);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Writes an entry; it is durable on return.</summary>
    /// <exception cref="TidelineException">StorageUnavailable.</exception>
    public async Task PutAsync(StateEntry entry, CancellationToken cancel)
    {
        var message = new Message<byte[], byte[]>
        {
            Key = Encoding.UTF8.GetBytes(entry.Key),
            Value = JsonSerializer.SerializeToUtf8Bytes(entry, StateJson.Default.StateEntry), Headers = [],
        };
        seal.Sign(Name, 0, message);
        try
        {
            await producer.ProduceAsync(_place, message, cancel).WaitAsync(Patience, time, cancel);
            _entries[entry.Key] = entry;
        }
        catch (ProduceException<byte[], byte[]> fault)
        {
            throw KafkaFaults.Unavailable("keep the state of the log", fault);
        }
        catch (TimeoutException)
        {
            throw KafkaFaults.Silent("keep the state of the log", KafkaLimits.AppendMs);
        }
    }

    public void Dispose()
    {
        producer.Dispose();
        _gate.Dispose();
    }

    private bool Take(ConsumeResult<byte[], byte[]> result)
    {
        _position = result.Offset.Value + 1;
        if (seal.IsOurs(Name, 0, result.Message) && Parse(result.Message.Value) is { } entry) _entries[
            entry.Key] = entry;
        return true;
    }

    // A kind that a newer version added says nothing to this one.
    private static StateEntry? Parse(byte[]? json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, StateJson.Default.StateEntry) is { } entry
                && (entry.History is not null || entry.Group is not null) ? entry : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
