using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// The newest records of a partition that is followed, as many as <see cref="KafkaLimits.TailBytes"/> hold: several
/// groups read them there without asking the brokers.
/// </summary>
internal sealed class TailWindow(long afterOffset)
{
    private readonly List<LogRecord> _records = [];
    private int _dropped;
    private long _bytes;

    /// <summary>The offset of the newest record; where the window began, before the first.</summary>
    public long Last { get; private set; } = afterOffset;

    private long First => Last - (_records.Count - _dropped) + 1;

    public void Add(LogRecord record)
    {
        _records.Add(record);
        Last = record.Offset;
        _bytes += Bytes(record);
        while (_bytes > KafkaLimits.TailBytes) _bytes -= Bytes(_records[_dropped++]);
        if (_dropped <= _records.Count / 2) return;
        _records.RemoveRange(0, _dropped);
        _dropped = 0;
    }

    /// <summary>
    /// Up to <paramref name="limit"/> records after an offset; null when the window does not reach back to there, or
    /// not yet so far.
    /// </summary>
    public IReadOnlyList<LogRecord>? Read(long afterOffset, int limit)
    {
        if (afterOffset < First - 1 || afterOffset > Last) return null;
        var from = _dropped + (int)(afterOffset - First + 1);
        return _records.GetRange(from, Math.Min(limit, _records.Count - from));
    }

    private static long Bytes(LogRecord record) => record.Data.Length + KafkaLimits.RecordOverheadBytes;
}
