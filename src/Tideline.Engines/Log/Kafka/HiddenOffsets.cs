namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Offsets of a Kafka partition that hold no record of the log: repeats of a record that stands before, and what
/// strangers wrote. The log's own offsets count the others, from 1 and without gaps, so nobody who reads it ever meets
/// a repeat. Almost always there are none.
/// </summary>
internal sealed class HiddenOffsets
{
    private readonly List<Run> _runs = [];

    public HiddenOffsets()
    {
    }

    /// <param name="pairs">First offset and length of each run, in order, as <see cref="Pairs"/> gives them.</param>
    public HiddenOffsets(IReadOnlyList<long> pairs)
    {
        for (var index = 0; index + 1 < pairs.Count; index += 2) Add(pairs[index], pairs[index + 1]);
    }

    public int Runs => _runs.Count;

    public long[] Pairs => [.. _runs.SelectMany(run => new[] { run.First, run.Count })];

    /// <summary>Adds offsets, which lie after all that were added before.</summary>
    public void Add(long first, long count)
    {
        if (_runs.Count > 0 && _runs[^1] is var last && last.First + last.Count == first)
            _runs[^1] = last with { Count = last.Count + count };
        else _runs.Add(new Run(first, count, _runs.Count == 0 ? 0 : _runs[^1].Before + _runs[^1].Count));
    }

    public bool Contains(long offset) => LastRun(run => run.First <= offset) is { } run
        && offset < run.First + run.Count;

    /// <summary>How many records of the log stand before a Kafka offset.</summary>
    public long RecordsBefore(long offset) => LastRun(run => run.First < offset) is { } run
        ? offset - run.Before - Math.Min(run.Count, offset - run.First)
        : offset;

    /// <summary>The Kafka offset of the log's record <paramref name="number"/>, from 1.</summary>
    public long OffsetOf(long number) => LastRun(run => run.First - run.Before < number) is { } run
        ? number - 1 + run.Before + run.Count
        : number - 1;

    /// <summary>
    /// Keeps of the runs before an offset only how many offsets they hid: what stood there has left the log.
    /// </summary>
    public void Forget(long before)
    {
        var kept = _runs.FindIndex(run => run.First >= before);
        if (kept < 0) kept = _runs.Count;
        if (kept < 2) return;
        // As one run that ends where the last of them ended, so that all that follows keeps its number.
        var last = _runs[kept - 1];
        var hidden = last.Before + last.Count;
        _runs.RemoveRange(0, kept - 1);
        _runs[0] = new Run(last.First + last.Count - hidden, hidden, 0);
    }

    private Run? LastRun(Func<Run, bool> reaches)
    {
        var (low, high) = (0, _runs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (reaches(_runs[middle])) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? null : _runs[low - 1];
    }

    private sealed record Run(long First, long Count, long Before);
}
