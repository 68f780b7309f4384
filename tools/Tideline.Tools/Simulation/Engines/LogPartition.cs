using Tideline.Log;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>One partition of a topic on a <see cref="LogDisk"/>, under its lock.</summary>
internal sealed class LogPartition
{
    // So many positions of a group can be lost.
    private const int KeptPositions = 64;

    private readonly List<LogRecord> _records = [];
    private readonly SortedDictionary<string, List<long>> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _newest = new(StringComparer.Ordinal);
    private TaskCompletionSource? _append;

    /// <summary>Offset of the newest record; 0 when there never was one.</summary>
    public long Head { get; private set; }

    /// <summary>Offset of the oldest record that retention left.</summary>
    public long First => Head - _records.Count + 1;

    /// <summary>Messages that somebody else put there, and that are passed over.</summary>
    public long Foreign { get; set; }

    /// <summary>Whether there ever was a record.</summary>
    public bool IsUsed => Head > 0;

    /// <summary>Completes with the next append.</summary>
    public Task NextAppend =>
        (_append ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The position of each group.</summary>
    public Dictionary<string, long> Positions =>
        _groups.ToDictionary(group => group.Key, group => group.Value[^1], StringComparer.Ordinal);

    /// <summary>The newest number of a source in here; below every number without one.</summary>
    public long NewestOf(string source) => _newest.GetValueOrDefault(source, long.MinValue);

    public void Append(LogRecord record)
    {
        _newest[record.Source] = record.SourceSeq;
        _records.Add(record with { Offset = ++Head, Data = record.Data.ToArray() });
        _append?.TrySetResult();
        _append = null;
    }

    /// <summary>Up to <paramref name="limit"/> records after an offset, in order.</summary>
    public List<LogRecord> After(long offset, int limit)
    {
        var at = (int)Math.Clamp(offset - First + 1, 0, _records.Count);
        return _records.GetRange(at, Math.Min(limit, _records.Count - at));
    }

    /// <summary>The position of a group, which is registered by being asked for.</summary>
    public long Register(string group)
    {
        if (!_groups.TryGetValue(group, out var positions)) _groups.Add(group, positions = [0]);
        return positions[^1];
    }

    public void Move(string group, long offset)
    {
        Register(group);
        var positions = _groups[group];
        positions.Add(offset);
        if (positions.Count > KeptPositions) positions.RemoveAt(0);
    }

    /// <summary>A group stands where it stood that many commits ago.</summary>
    public void LosePositions(string group, int commits)
    {
        if (!_groups.TryGetValue(group, out var positions)) return;
        var left = Math.Max(1, positions.Count - commits);
        positions.RemoveRange(left, positions.Count - left);
    }

    /// <summary>Loses every record, and no position.</summary>
    public void LoseRecords()
    {
        _records.Clear();
        _newest.Clear();
        Head = 0;
    }

    /// <summary>
    /// Removes the newest records and returns them, oldest first. No group stands behind what is left.
    /// </summary>
    public List<LogRecord> LoseTail(int records)
    {
        var count = Math.Min(records, _records.Count);
        var lost = _records.GetRange(_records.Count - count, count);
        _records.RemoveRange(_records.Count - count, count);
        Head -= count;
        foreach (var source in lost.Select(record => record.Source).Distinct(StringComparer.Ordinal))
        {
            if (_records.FindLast(record => record.Source == source) is { } left) _newest[source] = left.SourceSeq;
            else _newest.Remove(source);
        }

        foreach (var positions in _groups.Values)
        {
            for (var at = 0; at < positions.Count; at++) positions[at] = Math.Min(positions[at], Head);
        }

        return lost;
    }

    /// <summary>Drops the oldest records that are older than a time and that every group has read.</summary>
    public int Trim(long beforeUs)
    {
        // A partition that nobody reads keeps everything: there is no telling who may come.
        if (_groups.Count == 0) return 0;
        var done = _groups.Values.Min(positions => positions[^1]);
        var count = 0;
        while (count < _records.Count && _records[count].Offset <= done && _records[count].TimeUs < beforeUs) count++;
        _records.RemoveRange(0, count);
        return count;
    }
}
