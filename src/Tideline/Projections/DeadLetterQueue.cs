using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Events that a projection could not fold, per key and in order, on <c>account.events.dlq</c>; later events of the
/// same key queue behind them, all others flow. Which keys are blocked follows from the topic and from what operators
/// settled, so a crash loses and repeats none. Letters of events that a restore took back do not count.
/// </summary>
public sealed partial class DeadLetterQueue
{
    private readonly Lock _lock = new();
    private readonly ProjectionDefinition _definition;
    private readonly string _stateName;
    private readonly GeneralLedger _ledger;
    private readonly DeadLetterTopic _topic;
    private readonly ILog _log;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DeadLetterCursor _cursor;
    private DeadLetterIndex _book = new();
    private DeadLetterState _state = DeadLetterState.Empty;
    private HashSet<string> _givenUp = [];
    private byte[]? _stored;
    private bool _isUnsaved;
    private long _epoch;

    internal DeadLetterQueue(ProjectionDefinition definition, ProjectionPlace place, ILogger logger)
    {
        (_definition, _stateName) = (definition, definition.State("deadletters"));
        (_ledger, _log, _views, _time, _logger) = (place.Ledger, place.Log, place.Views, place.Time, logger);
        Sources = new SourceHistory(_ledger.Epochs);
        _topic = new DeadLetterTopic(definition.Name, _log, Sources);
        _cursor = new DeadLetterCursor(definition.Name, _topic, _ledger, _log);
    }

    /// <summary>Keys whose document is knowingly behind.</summary>
    public int BlockedKeys
    {
        get
        {
            lock (_lock) return _book.Count + _state.Held.Keys.Count(key => !_book.Contains(key));
        }
    }

    /// <summary>Names the sources of events.</summary>
    internal SourceHistory Sources { get; }

    /// <summary>Why what operators settled is not known; null while it is.</summary>
    internal string? Fault { get; private set; }

    /// <summary>Every blocked key, longest blocked first.</summary>
    public IReadOnlyList<BlockedKey> List()
    {
        lock (_lock)
        {
            var held = _state.Held.Where(each => !_book.Contains(each.Key))
                .Select(each => new BlockedKey(each.Key, 0, each.Value.SinceUs, each.Value.Reason));
            return [.. _book.Keys.Concat(held).OrderBy(key => key.SinceUs)];
        }
    }

    /// <summary>Whether events of this key wait.</summary>
    public bool IsBlocked(string key)
    {
        lock (_lock) return _book.Contains(key) || _state.Held.ContainsKey(key);
    }

    /// <summary>
    /// Whether the document of this key knowingly lacks events: they wait, or an operator gave them up and the document
    /// was not built anew since.
    /// </summary>
    internal bool IsBehind(string key)
    {
        lock (_lock) return _book.Contains(key) || _state.Held.ContainsKey(key) || _givenUp.Contains(key);
    }

    /// <summary>The letters of a key that wait, in order.</summary>
    /// <exception cref="TidelineException">NotFound: nothing of this key waits.</exception>
    public async Task<IReadOnlyList<DeadLetter>> ShowAsync(string key, CancellationToken cancel)
    {
        IReadOnlyList<DeadLetterIndex.Letter> frozen;
        lock (_lock) frozen = _book.LettersOf(key);
        if (frozen.Count == 0) throw new TidelineException(ErrorCode.NotFound, $"Key {key} has no waiting events.");
        var letters = new List<DeadLetter>(frozen.Count);
        foreach (var letter in frozen) letters.Add(await _topic.ReadAsync(letter, cancel));
        return letters;
    }

    /// <summary>
    /// Forgets what it knows and reads it anew, for a new owner: what earlier ones still write of it from now on is
    /// refused.
    /// </summary>
    /// <param name="epoch">The owner's epoch.</param>
    /// <param name="isAnew">Whether nothing is in the views yet: then every event comes again, and no letter
    /// counts.</param>
    /// <param name="cancel">Stops it.</param>
    internal async Task TakeOverAsync(long epoch, bool isAnew, CancellationToken cancel)
    {
        _epoch = epoch;
        var (state, _) = await LoadStateAsync(cancel);
        state = state.Without(await _topic.FindLostAsync(state.Sources, cancel));
        state = await state.WithoutTakenBackAsync(_definition, _ledger, cancel);
        var book = new DeadLetterIndex();
        await _cursor.ReadAllAsync(book, state, _lock, cancel);
        if (isAnew) (book, state) = (new DeadLetterIndex(), state.BegunAnew(_cursor.BeginAnew(), _time.NowUs()));
        book.Settle(state.Settled);
        lock (_lock) _book = book;
        await SaveAsync(state, cancel);
    }

    /// <summary>Whether keys waited when the topic lost letters: nobody can say any more which.</summary>
    internal async Task<bool> HasLostLettersAsync(CancellationToken cancel) =>
        (await LoadStateAsync(cancel)).State is { Waiting: > 0 } state
        && (await _topic.FindLostAsync(state.Sources, cancel)).Count > 0;

    /// <summary>Reads what the owner of the views noted since the last look.</summary>
    /// <returns>What makes it known to reads; null if nothing was noted.</returns>
    internal async Task<Action?> FollowAsync(CancellationToken cancel)
    {
        var (state, stored) = await LoadStateAsync(cancel);
        if (stored is not null && _stored is not null && stored.AsSpan().SequenceEqual(_stored)) return null;
        var book = new DeadLetterIndex();
        await _cursor.ReadAllAsync(book, state, _lock, cancel);
        book.Settle(state.Settled);
        var givenUp = state.GivenUp();
        return () =>
        {
            lock (_lock) (_book, _state, _givenUp, _stored) = (book, state, givenUp, stored);
        };
    }

    /// <summary>
    /// Whether this event must wait. One that a crash left unwritten before its key was blocked need not.
    /// </summary>
    internal bool IsBlocked(string key, ProjectedEvent happened)
    {
        lock (_lock)
        {
            if (_state.Held.ContainsKey(key)) return true;
            var position = happened.Event.Position;
            return _book.Count > 0 && _book.Contains(key)
                && (_cursor.IsAfter(position) || _book.Contains(key, position));
        }
    }

    /// <summary>Whether an operator gave this event up.</summary>
    internal bool IsGivenUp(string key, ProjectedEvent happened) => _state.Discarded.Exists(
        each => each.Key == key && each.Positions.Contains(happened.Event.Position.ToString())
            && _topic.Holds(happened.Event.Position, each.Epoch));

    /// <summary>
    /// Appends dead events, each once, durably, and blocks their keys; every process that follows knows it before a
    /// watermark passes them.
    /// </summary>
    internal async Task AppendAsync(IReadOnlyList<DeadEvent> dead, CancellationToken cancel)
    {
        var sources = _cursor.Sources();
        var fresh = new List<LogRecord>();
        Dictionary<string, string>? late = null;
        foreach (var each in dead)
        {
            var position = each.Happened.Event.Position;
            if (_cursor.IsAfter(position))
                fresh.Add(_topic.RecordOf(each, ref sources[position.Shard]));
            // The letters of a shard are in order, so one that died after a later one has no place among them: its key
            // is held until the document is built anew.
            else if (!_book.Contains(each.Key, position)) (late ??= new(StringComparer.Ordinal))[each.Key] =
                each.Reason;
        }

        if (fresh.Count > 0)
        {
            _isUnsaved = true;
            await _log.AppendAsync(fresh, cancel);
            // The topic has letters of other projections too: where these stand, it says itself. An append before this
            // one that failed may have left letters as well.
            foreach (var shard in fresh.Select(record => record.Partition).Distinct())
            {
                await _cursor.ReadOnAsync(shard, _book, _lock, cancel);
                _cursor.Use(shard, sources[shard]);
            }

            await RequireWrittenAsync(dead, fresh, cancel);
            foreach (var each in dead.Where(each => _book.Contains(each.Key, each.Happened.Event.Position)))
                KeyBlocked(_logger, _definition.Name, each.Key, each.Happened.Event.Position, each.Reason);
        }

        if (late is not null) await HoldAsync(late, cancel);
        if (!_isUnsaved) return;
        await SaveAsync(_state, cancel);
        _isUnsaved = false;
    }

    // The log takes a number that it has for a repeat. A process that had the views before this one, and does not know
    // yet that it has them no more, may have used it for another letter.
    private async Task RequireWrittenAsync(
        IReadOnlyList<DeadEvent> dead, List<LogRecord> fresh, CancellationToken cancel)
    {
        var written = fresh.Select(record => (record.Subject, record.Version)).ToHashSet();
        if (dead.All(each => !written.Contains((each.Happened.Event.Subject, each.Happened.Event.Version))
            || _book.Contains(each.Key, each.Happened.Event.Position))) return;
        foreach (var shard in fresh.Select(record => record.Partition).Distinct())
            await _cursor.FindSourceAsync(shard, cancel);

        throw new TidelineException(
            ErrorCode.StorageUnavailable,
            $"Another process wrote dead letters of {_definition.Name} under the same numbers; they are written anew.");
    }

    /// <summary>Documents were built anew, with what given-up letters had said.</summary>
    internal async Task HealAsync(Func<string, bool> isWhole, CancellationToken cancel)
    {
        if (_state.Heal(isWhole, _time.NowUs()) is { } healed) await SaveAsync(healed, cancel);
    }

    internal IReadOnlyList<string> KeysWithLetters()
    {
        lock (_lock) return [.. _book.Keys.Select(key => key.Key)];
    }

    internal IReadOnlyList<string> KeysNow()
    {
        lock (_lock) return [.. _book.Keys.Select(key => key.Key).Union(_state.Held.Keys)];
    }

    /// <summary>Every key that <see cref="IsBehind"/>.</summary>
    internal IReadOnlyList<string> KeysBehind() => [.. KeysNow().Union(_givenUp)];

    /// <summary>Blocks keys whose documents lack events that no letter holds.</summary>
    internal async Task HoldAsync(IReadOnlyDictionary<string, string> reasons, CancellationToken cancel)
    {
        var held = _state.Held.ToDictionary();
        foreach (var (key, reason) in reasons)
            held[key] = new HeldKey(_time.NowUs(), reason, _ledger.InstallationEpoch);
        await SaveAsync(_state with { Held = held }, cancel);
    }

    /// <summary>
    /// The document of a key holds every event up to the watermarks: nothing of it waits any more.
    /// </summary>
    internal async Task ReleaseAsync(string key, CancellationToken cancel)
    {
        IReadOnlyList<DeadLetterIndex.Letter> letters;
        lock (_lock) letters = _book.LettersOf(key);
        if (_state.Held.ContainsKey(key))
        {
            var held = _state.Held.ToDictionary();
            held.Remove(key);
            await SaveAsync(_state with { Held = held }, cancel);
        }

        if (letters.Count > 0) await SettleAsync(key, letters, null, cancel);
    }

    /// <summary>
    /// Takes letters of a key off the list, durably; <paramref name="reason"/> says why they were given up, null that
    /// they were applied.
    /// </summary>
    internal Task SettleAsync(string key, IReadOnlyList<DeadLetter> letters, string? reason,
        CancellationToken cancel) =>
        SettleAsync(
            key, [.. letters.Select(letter => new DeadLetterIndex.Letter(letter.Event.Position, letter.Offset))],
            reason, cancel);

    private async Task SettleAsync(
        string key, IReadOnlyList<DeadLetterIndex.Letter> letters, string? reason, CancellationToken cancel)
    {
        var settled = _state.Settled.ToDictionary();
        var ofKey = settled.TryGetValue(key, out var known) ? known.ToDictionary() : [];
        foreach (var letter in letters)
            ofKey[letter.Position.Shard] = Math.Max(letter.Offset, ofKey.GetValueOrDefault(letter.Position.Shard));
        settled[key] = ofKey;
        List<DiscardedLetters> discarded = reason is null
            ? _state.Discarded
            : [.. _state.Discarded,
                new DiscardedLetters(
                    key, [.. letters.Select(letter => letter.Position.ToString())], reason, _time.NowUs(),
                    _ledger.InstallationEpoch)];
        await SaveAsync(_state with { Settled = settled, Discarded = discarded }, cancel);
        lock (_lock)
        {
            foreach (var letter in letters) _book.Settle(key, letter);
        }

        await ReleaseAsync(cancel);
    }

    // Letters before the first that waits may leave the topic, and what is known to be settled of them may be
    // forgotten.
    private async Task ReleaseAsync(CancellationToken cancel)
    {
        var settled = _state.Settled.ToDictionary();
        for (var shard = 0; shard < _ledger.Map.Shards; shard++)
        {
            long done;
            // Not beyond the last that was read: what a failed append left after it is met again.
            lock (_lock) done = _book.FirstOffset(shard) - 1 ?? _cursor.Offset(shard);
            await _cursor.CommitAsync(shard, done, cancel);
            foreach (var (key, ofKey) in settled)
            {
                if (ofKey.TryGetValue(shard, out var through) && through <= done)
                    settled[key] = ofKey.Where(each => each.Key != shard).ToDictionary();
            }
        }

        await SaveAsync(_state with { Settled = settled.Where(each => each.Value.Count > 0).ToDictionary() }, cancel);
    }

    private async Task SaveAsync(DeadLetterState state, CancellationToken cancel)
    {
        // Whoever follows tells by the bytes whether to read again.
        state = state.With(_cursor.Sources(), _book.Count) with { Changes = _state.Changes + 1 };
        var json = JsonSerializer.SerializeToUtf8Bytes(state, ProjectionJson.Default.DeadLetterState);
        await _views.SetStateAsync(_stateName, json, _epoch, cancel);
        lock (_lock) (_state, _givenUp, _stored) = (state, state.GivenUp(), json);
        Fault = null;
    }

    // Where somebody broke the state, everything that is on the topic waits again: replayed, it changes nothing that is
    // in the documents already.
    private async Task<(DeadLetterState State, byte[]? Json)> LoadStateAsync(CancellationToken cancel)
    {
        try
        {
            var stored = await _views.GetStateAsync(_stateName, cancel);
            Fault = null;
            return (stored is null ? DeadLetterState.Empty : DeadLetterState.Parse(stored), stored);
        }
        catch (Exception fault) when (fault is JsonException or TidelineException { Code: ErrorCode.Corrupt })
        {
            if (Fault is null) StateIsBroken(_logger, _definition.Name, fault);
            Fault = $"What operators settled of dead letters of {_definition.Name} cannot be read, so settled " +
                "ones may wait again: " +
                $"./tideline dlq replay. {fault.Message}";
            return (DeadLetterState.Empty, null);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error, Message =
            "Events of {Projection} wait for {Key} as dead letters from {Position} on. {Reason}")]
    private static partial void KeyBlocked(
        ILogger logger, string projection, string key, Position position, string reason);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "The state of the dead letters of {Projection} cannot be read; what was settled may wait again.")]
    private static partial void StateIsBroken(ILogger logger, string projection, Exception fault);
}
