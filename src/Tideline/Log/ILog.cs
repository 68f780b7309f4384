namespace Tideline.Log;

/// <summary>
/// The bus: topics of partitions of records. Appends are durable when they return; of topics that can be derived again
/// (<see cref="Topics.IsDerived"/>), and of groups' positions, a failing machine may lose the newest, never a part
/// between. One contract, several engines (embedded SQLite, Kafka).
/// </summary>
public interface ILog : IAsyncDisposable
{
    /// <summary>
    /// Appends in order. A record whose (topic, source, sequence) was appended before is left out, so a repeated append
    /// is harmless; one that does not follow what the topic has of its source is refused.
    /// </summary>
    /// <exception cref="Kernel.TidelineException">
    /// Corrupt: a source skipped a sequence number; nothing of the call was appended. StorageUnavailable: what was
    /// appended is not known; who does not append the same records again asks
    /// <see cref="GetSourceHeadAsync"/>.
    /// </exception>
    ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel);

    /// <summary>
    /// Up to which sequence number everything of <paramref name="source"/> is on <paramref name="topic"/>, whoever
    /// appended it; 0 before the first.
    /// </summary>
    ValueTask<long> GetSourceHeadAsync(string topic, string source, CancellationToken cancel);

    /// <summary>
    /// The sources that appended to <paramref name="topic"/> and whose names begin with <paramref name="prefix"/>, in
    /// any order, also where retention took their records.
    /// </summary>
    ValueTask<IReadOnlyList<string>> GetSourcesAsync(string topic, string prefix, CancellationToken cancel);

    /// <summary>
    /// Up to <paramref name="limit"/> records after <paramref name="afterOffset"/>, in order; empty at the end. Offsets
    /// count without gaps; only retention drops records, and only the oldest.
    /// </summary>
    /// <exception cref="Kernel.TidelineException">Corrupt: the next record is lost.</exception>
    ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
        string topic, int partition, long afterOffset, int limit, CancellationToken cancel);

    /// <summary>Offset of the newest record of a partition; 0 when it never had one.</summary>
    ValueTask<long> GetHeadAsync(string topic, int partition, CancellationToken cancel);

    /// <summary>
    /// Completes when <paramref name="topic"/>/<paramref name="partition"/> has a record after
    /// <paramref name="afterOffset"/>, or when <paramref name="timeout"/> passes.
    /// </summary>
    ValueTask WaitAsync(string topic, int partition, long afterOffset, TimeSpan timeout, CancellationToken cancel);

    /// <summary>
    /// The position up to which a consumer group is done; 0 for a new group. Registering a group protects what it has
    /// not read from retention.
    /// </summary>
    ValueTask<long> GetCommittedAsync(string group, string topic, int partition, CancellationToken cancel);

    /// <summary>Moves a group's position. It may go back (replay); never beyond the head.</summary>
    ValueTask CommitAsync(string group, string topic, int partition, long offset, CancellationToken cancel);

    /// <summary>
    /// Drops records older than <paramref name="before"/> that every group has read. Returns how many.
    /// </summary>
    ValueTask<long> TrimAsync(DateTimeOffset before, CancellationToken cancel);

    /// <summary>What is wrong with the log as far as this process has read it: answers at once, from memory.</summary>
    IReadOnlyList<LogFault> Faults { get; }

    /// <summary>
    /// Every (topic, partition) with its first and last offset and the committed offset of each group.
    /// </summary>
    ValueTask<IReadOnlyList<PartitionStatus>> DescribeAsync(CancellationToken cancel);
}

/// <summary>Something wrong with a topic, or with one of its partitions, that the log passes over or cannot heal by
/// itself.</summary>
/// <param name="Topic">One of <see cref="Topics"/>.</param>
/// <param name="Partition">The partition; null: the whole topic.</param>
/// <param name="Foreign">Messages that are passed over because Tideline did not write them.</param>
/// <param name="Sentence">What is wrong and what heals it.</param>
public sealed record LogFault(string Topic, int? Partition, long Foreign, string Sentence);

/// <summary>The state of a partition.</summary>
public sealed record PartitionStatus(
    string Topic, int Partition, long FirstOffset, long HeadOffset, IReadOnlyDictionary<string, long> Groups);
