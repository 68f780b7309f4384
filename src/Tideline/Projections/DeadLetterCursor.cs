using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Projections;

/// <summary>
/// How far one projection has read its letters on the topic, shard by shard, and the source of those that it writes.
/// </summary>
internal sealed class DeadLetterCursor(string projection, DeadLetterTopic topic, GeneralLedger ledger, ILog log)
{
    private readonly string _group = $"{projection}.dlq";
    private readonly CountedSource[] _sources = new CountedSource[ledger.Map.Shards];
    private readonly long[] _lastSeqs = new long[ledger.Map.Shards];
    private readonly long[] _offsets = new long[ledger.Map.Shards];

    /// <summary>Whether an event follows those of the letters: they are in the order of the events.</summary>
    public bool IsAfter(Position position) => position.Seq > _lastSeqs[position.Shard];

    /// <summary>The offset of the last record that was read.</summary>
    public long Offset(int shard) => _offsets[shard];

    /// <summary>The sources of letters, by shard.</summary>
    public CountedSource[] Sources() => (CountedSource[])_sources.Clone();

    /// <summary>Goes on with a source.</summary>
    public void Use(int shard, CountedSource source) => _sources[shard] = source;

    /// <summary>Asks the topic for the source of a shard's letters.</summary>
    public async Task FindSourceAsync(int shard, CancellationToken cancel) =>
        _sources[shard] = await topic.FindSourceAsync(shard, ledger.NowUs(shard), _sources[shard], cancel);

    /// <summary>Lets letters leave the topic that nobody needs.</summary>
    public ValueTask CommitAsync(int shard, long offset, CancellationToken cancel) =>
        log.CommitAsync(_group, DeadLetterTopic.Name, shard, offset, cancel);

    /// <summary>Counts no letter that was read; answers the offsets of the last ones.</summary>
    public long[] BeginAnew()
    {
        Array.Clear(_lastSeqs);
        return (long[])_offsets.Clone();
    }

    /// <summary>Reads the letters of all shards, from where the group stands.</summary>
    public async Task ReadAllAsync(
        DeadLetterIndex book, DeadLetterState state, Lock locked, CancellationToken cancel)
    {
        for (var shard = 0; shard < _offsets.Length; shard++)
        {
            await FindSourceAsync(shard, cancel);
            var begun = state.Begun?.GetValueOrDefault(shard) ?? 0;
            _lastSeqs[shard] = 0;
            // Asked for, the group keeps the topic from dropping letters that it has not settled.
            _offsets[shard] = Math.Max(
                begun, await log.GetCommittedAsync(_group, DeadLetterTopic.Name, shard, cancel));
            if (_sources[shard].IsFirst) continue;
            var before = _offsets[shard];
            await ReadOnAsync(shard, book, locked, cancel);
            // Settled letters may have left the topic, or not: the newest says which events are on it.
            while (_lastSeqs[shard] == 0 && before > begun)
            {
                var from = Math.Max(begun, before - Limits.EventBatch);
                var records = await log.ReadAsync(DeadLetterTopic.Name, shard, from, (int)(before - from), cancel);
                if (records.Select(topic.TryParse).OfType<DeadLetter>().LastOrDefault() is { } newest)
                    _lastSeqs[shard] = newest.Event.Position.Seq;
                before = from;
            }
        }
    }

    /// <summary>Reads the letters of a shard after those that were read.</summary>
    public async Task ReadOnAsync(int shard, DeadLetterIndex book, Lock locked, CancellationToken cancel)
    {
        while (await log.ReadAsync(
            DeadLetterTopic.Name, shard, _offsets[shard], Limits.EventBatch, cancel) is { Count: > 0 } records)
        {
            lock (locked)
            {
                foreach (var record in records)
                {
                    if (topic.TryParse(record) is not { } letter) continue;
                    _lastSeqs[shard] = letter.Event.Position.Seq;
                    book.Add(
                        letter.Key, new DeadLetterIndex.Letter(letter.Event.Position, record.Offset), record.TimeUs,
                        letter.Reason);
                }

                _offsets[shard] = records[^1].Offset;
            }
        }
    }
}
