using Confluent.Kafka;
using KafkaError = Confluent.Kafka.ErrorCode;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Asks where partitions begin and end, with a consumer that reads nothing. Not with the admin client: its
/// <c>ListOffsets</c> looks for the leaders on the caller's thread and on its own at once, and where it does not know
/// them the process can end by signal 11 (docs/decisions/0014).
/// </summary>
internal sealed class OffsetReader(IConsumer<byte[], byte[]> consumer) : IAsyncDisposable
{
    /// <summary>The first offset that a partition keeps, as a place to ask for.</summary>
    public const long First = -2;

    /// <summary>The offset after the newest record.</summary>
    public const long End = -1;

    private static readonly TimeSpan Request = TimeSpan.FromMilliseconds(KafkaLimits.RequestMs);
    private readonly SemaphoreSlim _places = new(KafkaLimits.OffsetCalls, KafkaLimits.OffsetCalls);

    /// <summary>An offset of each partition.</summary>
    /// <param name="places">At least one.</param>
    /// <param name="which"><see cref="First"/>, <see cref="End"/>, or a time in milliseconds: the first record not
    /// older, -1 when there is none.</param>
    /// <param name="cancel">Ends the wait for a turn; a question that was asked is answered, or not, within
    /// <see cref="KafkaLimits.RequestMs"/>.</param>
    /// <exception cref="KafkaException">A leader does not answer.</exception>
    public async Task<long[]> ReadAsync(IReadOnlyList<TopicPartition> places, long which, CancellationToken cancel)
    {
        await _places.WaitAsync(cancel);
        try
        {
            return await Task.Run(() => Read(places, which), CancellationToken.None);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Waits for the questions that are under way: nobody may be inside a client that is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var call = 0; call < KafkaLimits.OffsetCalls; call++) await _places.WaitAsync();
        consumer.Dispose();
        _places.Dispose();
    }

    private long[] Read(IReadOnlyList<TopicPartition> places, long which)
    {
        var at = new Timestamp(which, TimestampType.NotAvailable);
        var found = consumer.OffsetsForTimes(places.Select(place => new TopicPartitionTimestamp(place, at)), Request);
        var offsets = found.ToDictionary(each => each.TopicPartition, each => each.Offset.Value);
        // What a leader did not answer that just died is no offset, and no error either.
        if (which < 0 && offsets.Values.Any(offset => offset < 0))
            throw new KafkaException(new Error(KafkaError.LeaderNotAvailable, "a leader does not answer"));
        return [.. places.Select(place => offsets[place])];
    }
}
