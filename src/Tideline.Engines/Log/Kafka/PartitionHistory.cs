using Tideline.Kernel;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// What a partition has said so far, record by record: who appended what, and which offsets hold no record of the log.
/// It follows from the partition alone, so every process that has read it knows the same. Not for two threads at once.
/// </summary>
internal sealed class PartitionHistory
{
    private readonly Dictionary<string, SourceTail> _sources = new(StringComparer.Ordinal);

    /// <summary>
    /// The history of a partition whose first kept record is at <paramref name="first"/>: of what was dropped before,
    /// nothing is known.
    /// </summary>
    public PartitionHistory(long first) => (Position, IsWhole, Hidden) = (first, first == 0, new HiddenOffsets());

    /// <summary>As it was kept.</summary>
    public PartitionHistory(HistoryEntry kept)
    {
        (Position, IsWhole, Hidden) = (kept.Position, kept.IsWhole, new HiddenOffsets(kept.Hidden));
        Foreign = (kept.Foreign, kept.LastForeign);
        foreach (var (name, source) in kept.Sources)
            _sources[name] = new SourceTail
            {
                Last = source.Last, Through = source.Through, Beyond = [.. source.Beyond], IsSure = source.IsSure
            };
    }

    /// <summary>The Kafka offset up to which everything is known; the next record to learn of stands there.</summary>
    public long Position { get; private set; }

    /// <summary>Whether it is known from the partition's first record on.</summary>
    public bool IsWhole { get; private set; }

    public HiddenOffsets Hidden { get; }

    public IReadOnlyDictionary<string, SourceTail> Sources => _sources;

    /// <summary>How many kept messages are not of the log, and the Kafka offset of the newest.</summary>
    public (long Count, long Last) Foreign { get; private set; }

    /// <summary>Learns of what stands at <see cref="Position"/>; null for what is not of the log.</summary>
    /// <returns>Whether it is a record of the log: no repeat, and no stranger's.</returns>
    /// <exception cref="TidelineException">Corrupt: the record before it of the same source is not there.</exception>
    public bool Take(RecordStamp? record)
    {
        if (record is not { } stamp)
        {
            Foreign = (Foreign.Count + 1, Position);
            return Hide(1);
        }

        if (!_sources.TryGetValue(stamp.Source, out var source)) source = new SourceTail { IsSure = IsWhole };
        if (stamp.Seq <= source.Last) return Hide(1);
        if (source.IsSure && stamp.Previous > source.Last)
            throw new TidelineException(ErrorCode.Corrupt, $"{stamp.Source} goes from {source.Last} to {stamp.Seq} at "
                + $"Kafka offset {Position}, where {stamp.Previous} should stand between: records are lost.");
        source.Take(stamp);
        _sources[stamp.Source] = source;
        Position++;
        return true;
    }

    /// <summary>
    /// Passes over offsets at which Kafka gives nothing: marks of other people's transactions. A record of the log that
    /// were lost there shows by what follows it.
    /// </summary>
    public void PassTo(long offset) => Hide(offset - Position);

    /// <summary>Forgets what stood before an offset that is the first one kept.</summary>
    public void Forget(long before)
    {
        Hidden.Forget(before);
        if (Foreign.Last < before) Foreign = default;
    }

    /// <summary>
    /// Goes on at the first record that is kept, when retention took some that were not seen here. What they were is
    /// not known.
    /// </summary>
    public void SkipTo(long first)
    {
        Position = first;
        IsWhole = false;
        foreach (var source in _sources.Values) source.IsSure = false;
    }

    public HistoryEntry Keep(string topic, int partition, string topicId) => new(
        topic, partition, topicId, Position, IsWhole, Hidden.Pairs,
        _sources.ToDictionary(source => source.Key, source =>
            new SourceEntry(source.Value.Last, source.Value.Through, [.. source.Value.Beyond], source.Value.IsSure)),
        Foreign.Count,
        Foreign.Last);

    private bool Hide(long count)
    {
        if (Hidden.Runs >= KafkaLimits.HiddenRuns)
            throw new TidelineException(
                ErrorCode.Corrupt,
                $"More than {KafkaLimits.HiddenRuns} runs of messages are passed over, up to Kafka offset {Position}: "
                    + "other clients write there, or several processes append for the same source.");
        Hidden.Add(Position, count);
        Position += count;
        return false;
    }
}
