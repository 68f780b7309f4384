namespace Tideline.Engines.Log.Kafka;

/// <summary>What one partition tells of a source.</summary>
internal sealed class SourceTail
{
    /// <summary>The source's newest record on the partition.</summary>
    public long Last { get; set; }

    /// <summary>Every record of the source up to this one is on the topic.</summary>
    public long Through { get; set; }

    /// <summary>
    /// Records on this partition beyond <see cref="Through"/>: one before them may stand on another partition, or
    /// nowhere.
    /// </summary>
    public SortedSet<long> Beyond { get; init; } = [];

    /// <summary>
    /// Whether nothing of the source before <see cref="Last"/> can have been missed: false until the first record that
    /// is seen after retention took some unseen.
    /// </summary>
    public bool IsSure { get; set; }

    public void Take(RecordStamp stamp)
    {
        Last = stamp.Seq;
        IsSure = true;
        Through = Math.Max(Through, stamp.Follows);
        if (Beyond.Count == 0 && stamp.Seq == Through + 1)
        {
            Through = stamp.Seq;
            return;
        }

        Beyond.Add(stamp.Seq);
        Through = Absorb(Beyond, Through);
    }

    /// <summary>
    /// Moves <paramref name="through"/> over the numbers that follow it without a gap, and drops what it has passed.
    /// </summary>
    public static long Absorb(SortedSet<long> beyond, long through)
    {
        while (beyond.Count > 0 && beyond.Min <= through + 1)
        {
            through = Math.Max(through, beyond.Min);
            beyond.Remove(beyond.Min);
        }

        return through;
    }
}
