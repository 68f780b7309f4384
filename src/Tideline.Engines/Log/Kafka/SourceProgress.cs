using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// How far a source is on a topic: what is on the log, and what was handed to the producer. Not for two threads at
/// once.
/// </summary>
internal sealed class SourceProgress(string source)
{
    private readonly SortedSet<long> _beyond = [];
    private readonly Dictionary<int, long> _last = [];
    private readonly Dictionary<int, long> _implied = [];

    /// <summary>Every record up to this one is on the log.</summary>
    public long Settled { get; private set; } = SourceName.AfterOf(source);

    /// <summary>Every record up to this one is on the log or with the producer.</summary>
    public long Sent { get; private set; } = SourceName.AfterOf(source);

    /// <summary>
    /// Adds what the partitions of the topic tell. Each knows its own part, so a record that is missing on one shows as
    /// a gap between the others'.
    /// </summary>
    public void Learn(IEnumerable<(int Partition, long Last, long Through, long[] Beyond)> tails)
    {
        foreach (var (partition, last, through, beyond) in tails)
        {
            if (last > _last.GetValueOrDefault(partition)) _last[partition] = last;
            Settled = Math.Max(Settled, through);
            _beyond.UnionWith(beyond);
        }

        Settled = SourceTail.Absorb(_beyond, Settled);
        Sent = Math.Max(Sent, Settled);
    }

    /// <summary>Whether a record is on the log or with the producer.</summary>
    public bool Has(long seq) => seq <= Sent || _beyond.Contains(seq);

    /// <summary>Notes that the record after <see cref="Sent"/> is there already: beyond one that was missing.</summary>
    public void Pass(long seq) => Sent = Math.Max(Sent, seq);

    /// <summary>
    /// Hands the record after <see cref="Sent"/> to the producer. <paramref name="after"/>: the source's sequence
    /// before it on the topic, where that is not the number before; there is nothing between the two.
    /// </summary>
    public RecordStamp Send(long seq, int partition, long? after = null)
    {
        // What goes to the same partition before it is there before it, confirmed or not: the producer keeps order and
        // leaves no gap.
        var follows = Math.Max(Settled, _implied.GetValueOrDefault(partition));
        if (follows >= after) follows = seq - 1;
        var stamp = new RecordStamp(source, seq, _last.GetValueOrDefault(partition), follows);
        _implied[partition] = follows == seq - 1 ? seq : follows;
        _last[partition] = seq;
        Sent = seq;
        return stamp;
    }

    /// <summary>The brokers confirmed a record.</summary>
    public void Confirm(RecordStamp stamp)
    {
        var (seq, follows) = (stamp.Seq, Math.Max(Settled, stamp.Follows));
        if (_beyond.Count == 0 && follows == seq - 1)
        {
            Settled = seq;
            return;
        }

        _beyond.Add(seq);
        Settled = SourceTail.Absorb(_beyond, Settled);
    }
}
