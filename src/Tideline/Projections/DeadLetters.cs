using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Events that could not be folded, per key and in order, on <c>account.events.dlq</c>; later events of the same key queue behind them, all others flow. Which keys are
/// blocked follows from the topic and from what operators settled, so a crash loses and repeats none.
/// </summary>
public sealed partial class DeadLetters
{
    private const string Group = "views.dlq";
    private const string StateName = "views.deadletters";
    private static readonly string Topic = Topics.DeadLetters(Topics.AccountEvents);

    private readonly Lock _lock = new();
    private readonly DeadLetterBook _book = new();
    private readonly ILog _log;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long[] _sourceHeads;
    private readonly long[] _lastSeqs;
    private DeadLetterState _state = new([], []);

    private DeadLetters(ILog log, IViewStore views, int shards, TimeProvider time, ILogger logger)
    {
        (_log, _views, _time, _logger) = (log, views, time, logger);
        (_sourceHeads, _lastSeqs) = (new long[shards], new long[shards]);
    }

    /// <summary>Keys whose document is knowingly behind.</summary>
    public int BlockedKeys
    {
        get
        {
            lock (_lock) return _book.Count;
        }
    }

    /// <summary>Every blocked key, longest blocked first.</summary>
    public IReadOnlyList<BlockedKey> List()
    {
        lock (_lock) return _book.Keys;
    }

    /// <summary>Whether the document of this customer is knowingly behind.</summary>
    public bool IsBlocked(Guid key)
    {
        lock (_lock) return _book.Contains(key);
    }

    /// <summary>The letters of a key that wait, in order.</summary>
    /// <exception cref="TidelineException">NotFound: nothing of this key waits.</exception>
    public async Task<IReadOnlyList<DeadLetter>> ShowAsync(Guid key, CancellationToken cancel)
    {
        IReadOnlyList<DeadLetterBook.Letter> frozen;
        lock (_lock) frozen = _book.LettersOf(key);
        if (frozen.Count == 0) throw new TidelineException(ErrorCode.NotFound, $"No event of {key} waits.");
        var letters = new List<DeadLetter>(frozen.Count);
        foreach (var letter in frozen) letters.Add(await ReadAsync(letter, cancel));
        return letters;
    }

    internal static async Task<DeadLetters> LoadAsync(ILog log, IViewStore views, int shards, TimeProvider time, ILogger logger, CancellationToken cancel)
    {
        var letters = new DeadLetters(log, views, shards, time, logger);
        await letters.ReloadAsync(cancel);
        return letters;
    }

    /// <summary>Forgets what it knows and reads it anew: another process may have written in between.</summary>
    internal async Task ReloadAsync(CancellationToken cancel)
    {
        lock (_lock) _book.Clear();
        Array.Clear(_sourceHeads);
        Array.Clear(_lastSeqs);
        _state = await _views.GetStateAsync(StateName, cancel) is { } json ? JsonSerializer.Deserialize(json, ViewJson.Default.DeadLetterState)! : new([], []);
        for (var shard = 0; shard < _sourceHeads.Length; shard++) await LoadAsync(shard, cancel);
    }

    /// <summary>Whether this event must wait. One that a crash left unwritten before its key was blocked need not.</summary>
    internal bool IsBlocked(ProjectedEvent happened)
    {
        lock (_lock)
        {
            var position = happened.Event.Position;
            return _book.Count > 0 && _book.Contains(happened.Key) && (position.Seq > _lastSeqs[position.Shard] || _book.Contains(happened.Key, position));
        }
    }

    /// <summary>Appends dead events, each once, durably, and blocks their keys.</summary>
    internal async Task AppendAsync(IReadOnlyList<DeadEvent> dead, CancellationToken cancel)
    {
        var heads = (long[])_sourceHeads.Clone();
        var fresh = new List<(DeadEvent Dead, LogRecord Record)>();
        foreach (var each in dead)
        {
            var (position, happened) = (each.Happened.Event.Position, each.Happened.Event);
            if (position.Seq <= _lastSeqs[position.Shard]) continue;
            var data = JsonSerializer.SerializeToUtf8Bytes(new DeadLetterData(position.Seq, each.Reason, happened.Data.ToArray()), ViewJson.Default.DeadLetterData);
            fresh.Add((each, new LogRecord(
                Topic, position.Shard, 0, Source(position.Shard), ++heads[position.Shard], each.Happened.Key, TypeName(happened.Type), happened.Subject, happened.Version, happened.TimeUs, data)));
        }

        if (fresh.Count == 0) return;
        await _log.AppendAsync([.. fresh.Select(each => each.Record)], cancel);
        var ends = await EndsAsync(cancel);
        lock (_lock)
        {
            foreach (var (each, record) in fresh)
            {
                // The projector is the only source of a partition, so offsets count as its sequence does. An append before this one that failed may have left letters after these.
                var (tail, sourceHead) = ends[record.Partition];
                var offset = tail - (sourceHead - record.SourceSeq);
                if (!_book.Contains(record.Key)) KeyBlocked(_logger, record.Key, each.Happened.Event.Position, each.Reason);
                _book.Add(record.Key, new DeadLetterBook.Letter(each.Happened.Event.Position, offset), record.TimeUs, each.Reason);
                _sourceHeads[record.Partition] = record.SourceSeq;
                _lastSeqs[record.Partition] = each.Happened.Event.Position.Seq;
            }
        }
    }

    /// <summary>Whether an operator gave up letters of this customer: the document may lack what they said.</summary>
    internal bool HasDiscarded(Guid key) => _state.Discarded.Exists(each => each.Key == key);

    internal IReadOnlyList<Guid> KeysNow()
    {
        lock (_lock) return [.. _book.Keys.Select(key => key.Key)];
    }

    /// <summary>Takes letters of a key off the list, durably; <paramref name="reason"/> says why they were given up, null that they were applied.</summary>
    internal async Task SettleAsync(Guid key, IReadOnlyList<DeadLetter> letters, string? reason, CancellationToken cancel)
    {
        var settled = _state.Settled.ToDictionary();
        var ofKey = settled.TryGetValue(key, out var known) ? known.ToDictionary() : [];
        foreach (var letter in letters) ofKey[letter.Event.Position.Shard] = letter.Offset;
        settled[key] = ofKey;
        var discarded = reason is null
            ? _state.Discarded
            : [.. _state.Discarded, new DiscardedLetters(key, [.. letters.Select(letter => letter.Event.Position.ToString())], reason, _time.NowUs())];
        await SaveAsync(new DeadLetterState(settled, discarded), cancel);
        lock (_lock)
        {
            foreach (var letter in letters) _book.Settle(key, new DeadLetterBook.Letter(letter.Event.Position, letter.Offset));
        }

        await ReleaseAsync(cancel);
    }

    // Letters before the first that waits may leave the topic, and what is known to be settled of them may be forgotten.
    private async Task ReleaseAsync(CancellationToken cancel)
    {
        var ends = await EndsAsync(cancel);
        for (var shard = 0; shard < ends.Length; shard++)
        {
            long? first;
            lock (_lock) first = _book.FirstOffset(shard);
            // Not beyond the last that is in the book: what a failed append left after it is met again.
            var done = first - 1 ?? ends[shard].Tail - (ends[shard].SourceHead - _sourceHeads[shard]);
            await _log.CommitAsync(Group, Topic, shard, done, cancel);
            foreach (var ofKey in _state.Settled.Values)
            {
                if (ofKey.TryGetValue(shard, out var through) && through <= done) ofKey.Remove(shard);
            }
        }

        foreach (var key in _state.Settled.Where(each => each.Value.Count == 0).Select(each => each.Key).ToArray()) _state.Settled.Remove(key);
        await SaveAsync(_state, cancel);
    }

    private async Task SaveAsync(DeadLetterState state, CancellationToken cancel)
    {
        await _views.SetStateAsync(StateName, JsonSerializer.SerializeToUtf8Bytes(state, ViewJson.Default.DeadLetterState), cancel);
        _state = state;
    }

    private async Task LoadAsync(int shard, CancellationToken cancel)
    {
        _sourceHeads[shard] = await _log.GetSourceHeadAsync(Topic, Source(shard), cancel);
        if (_sourceHeads[shard] == 0) return;
        var offset = await _log.GetCommittedAsync(Group, Topic, shard, cancel);
        while (await _log.ReadAsync(Topic, shard, offset, Limits.EventBatch, cancel) is { Count: > 0 } records)
        {
            foreach (var record in records)
            {
                var letter = Parse(record);
                _lastSeqs[shard] = letter.Event.Position.Seq;
                var isSettled = _state.Settled.TryGetValue(record.Key, out var ofKey) && ofKey.TryGetValue(shard, out var through) && record.Offset <= through;
                if (isSettled) continue;
                lock (_lock) _book.Add(record.Key, new DeadLetterBook.Letter(letter.Event.Position, record.Offset), record.TimeUs, letter.Reason);
            }

            offset = records[^1].Offset;
        }

        if (_lastSeqs[shard] == 0 && await _log.ReadAsync(Topic, shard, offset - 1, 1, cancel) is [var last]) _lastSeqs[shard] = Parse(last).Event.Position.Seq;
    }

    private async Task<DeadLetter> ReadAsync(DeadLetterBook.Letter letter, CancellationToken cancel) =>
        await _log.ReadAsync(Topic, letter.Position.Shard, letter.Offset - 1, 1, cancel) is [var record] && record.Offset == letter.Offset
            ? Parse(record)
            : throw new TidelineException(ErrorCode.Corrupt, $"The dead letter of {letter.Position} is no longer on its topic.");

    private async Task<(long Tail, long SourceHead)[]> EndsAsync(CancellationToken cancel)
    {
        var ends = new (long, long)[_sourceHeads.Length];
        for (var shard = 0; shard < ends.Length; shard++) ends[shard] = (await _log.GetHeadAsync(Topic, shard, cancel), await _log.GetSourceHeadAsync(Topic, Source(shard), cancel));
        return ends;
    }

    private static DeadLetter Parse(LogRecord record)
    {
        var data = JsonSerializer.Deserialize(record.Data.Span, ViewJson.Default.DeadLetterData)!;
        var happened = ProjectedEvent.From(record with { SourceSeq = data.Seq, Data = data.Event });
        return new DeadLetter(record.Key, record.Offset, happened.Event, data.Reason);
    }

    private static string Source(int shard) => string.Create(CultureInfo.InvariantCulture, $"views-{shard}");

    private static string TypeName(EventType type) => Enum.IsDefined(type) ? type.Name() : "UNKNOWN";

    [LoggerMessage(Level = LogLevel.Error, Message = "Events of customer {Key} wait as dead letters from {Position} on. {Reason}")]
    private static partial void KeyBlocked(ILogger logger, Guid key, Position position, string reason);
}
