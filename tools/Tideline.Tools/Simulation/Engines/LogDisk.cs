using System.Globalization;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// The bus of a simulated installation: what is left of it when every process has ended. Processes hold handles on it,
/// <see cref="SimulatedLog"/>.
/// </summary>
internal sealed class LogDisk
{
    private const string DeadLetters = ".dlq";

    private readonly SortedDictionary<(string Topic, int Partition), LogPartition> _partitions =
        new(TopicOrder.Instance);

    private readonly Dictionary<string, SortedDictionary<string, long>> _sources = new(StringComparer.Ordinal);

    /// <summary>Guards everything: an append goes to several partitions.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>
    /// A machine lost the newest records of a partition, and of no other: of a topic that can be filled again.
    /// </summary>
    public void LoseTail(string topic, int partition, int records)
    {
        if (!Topics.IsDerived(topic))
            throw new ArgumentException($"{topic} cannot be derived again: no machine may lose of it.", nameof(topic));
        lock (Gate)
        {
            // A source is on the topic up to what its oldest lost record follows.
            foreach (var record in Enumerable.Reverse(Partition(topic, partition).LoseTail(records)))
            {
                var heads = SourcesOf(topic);
                if (!heads.TryGetValue(record.Source, out var head) || head < record.FollowsSeq) continue;
                if (record.FollowsSeq > SourceName.AfterOf(record.Source)) heads[record.Source] = record.FollowsSeq;
                else heads.Remove(record.Source);
            }
        }
    }

    /// <summary>A machine lost a group's newest positions: it stands where it stood so many commits ago.</summary>
    public void LosePositions(string group, string topic, int partition, int commits)
    {
        lock (Gate) Partition(topic, partition).LosePositions(group, commits);
    }

    /// <summary>Everything is lost; the positions of the groups may be kept elsewhere.</summary>
    public void Wipe(bool keepsPositions = false)
    {
        lock (Gate)
        {
            _sources.Clear();
            if (!keepsPositions) _partitions.Clear();
            foreach (var partition in _partitions.Values) partition.LoseRecords();
        }
    }

    /// <summary>
    /// Somebody else puts messages on a partition. The log passes over them, so that no offset moves, and says so.
    /// </summary>
    public void AppendForeign(string topic, int partition, int messages)
    {
        lock (Gate) Partition(topic, partition).Foreign += messages;
    }

    /// <summary>Appends in order, under the <see cref="Gate"/>.</summary>
    /// <exception cref="TidelineException">Corrupt: a source skipped a number; nothing was appended.</exception>
    internal void Append(IReadOnlyList<LogRecord> records)
    {
        var moved = new Dictionary<(string Topic, string Source), long>();
        var taken = new List<LogRecord>(records.Count);
        foreach (var record in records)
        {
            var key = (record.Topic, record.Source);
            if (!moved.TryGetValue(key, out var last)) last = SourceHead(record.Topic, record.Source);
            if (record.SourceSeq <= last) continue;
            if (record.FollowsSeq > last)
                throw new TidelineException(ErrorCode.Corrupt, $"{record.Source} appended {record.SourceSeq} to "
                    + $"{record.Topic} after {record.FollowsSeq}, but {last} is the last there: something between was "
                    + "lost.");
            moved[key] = record.SourceSeq;
            // Where another partition lost an earlier record of the source, this one may have it still.
            if (Partition(record.Topic, record.Partition).NewestOf(record.Source) < record.SourceSeq) taken.Add(record);
        }

        foreach (var ((topic, source), seq) in moved) SourcesOf(topic)[source] = seq;
        foreach (var record in taken) Partition(record.Topic, record.Partition).Append(record);
    }

    /// <summary>Up to which number a topic has everything of a source.</summary>
    internal long SourceHead(string topic, string source) =>
        _sources.TryGetValue(topic, out var heads) && heads.TryGetValue(source, out var head)
            ? head
            : SourceName.AfterOf(source);

    /// <summary>The sources of a topic, by name.</summary>
    internal SortedDictionary<string, long> SourcesOf(string topic)
    {
        if (!_sources.TryGetValue(topic, out var heads))
            _sources.Add(topic, heads = new SortedDictionary<string, long>(StringComparer.Ordinal));
        return heads;
    }

    /// <summary>A partition, made when it is asked for.</summary>
    internal LogPartition Partition(string topic, int partition)
    {
        if (!_partitions.TryGetValue((topic, partition), out var found))
            _partitions.Add((topic, partition), found = new LogPartition());
        return found;
    }

    /// <summary>Drops what is old and read, except dead letters, which stay until they are dealt with.</summary>
    internal long Trim(long beforeUs) => _partitions
        .Where(partition => !partition.Key.Topic.EndsWith(DeadLetters, StringComparison.Ordinal))
        .Sum(partition => (long)partition.Value.Trim(beforeUs));

    internal IReadOnlyList<PartitionStatus> Describe() =>
    [
        .. _partitions.Where(partition => partition.Value.IsUsed).Select(partition => new PartitionStatus(
            partition.Key.Topic, partition.Key.Partition, partition.Value.First, partition.Value.Head,
            partition.Value.Positions)),
    ];

    internal IReadOnlyList<LogFault> Faults() =>
    [
        .. _partitions.Where(partition => partition.Value.Foreign > 0).Select(partition => new LogFault(
            partition.Key.Topic, partition.Key.Partition, partition.Value.Foreign,
            string.Create(CultureInfo.InvariantCulture, $"{partition.Value.Foreign} messages on "
                + $"{partition.Key.Topic}/{partition.Key.Partition} are passed over: Tideline did not write them."))),
    ];

    private sealed class TopicOrder : IComparer<(string Topic, int Partition)>
    {
        public static TopicOrder Instance { get; } = new();

        public int Compare((string Topic, int Partition) x, (string Topic, int Partition) y) =>
            string.CompareOrdinal(x.Topic, y.Topic) is not 0 and var topics ? topics : x.Partition - y.Partition;
    }
}
