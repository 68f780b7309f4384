using System.Text;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Log;

/// <summary>
/// Carries what the ledger committed to the log, in order and once: it reads the tables, never memory, and goes on
/// after what the log itself says it has. One loop serves all shards that the process owns; one append carries all that
/// is there. Events and messages of a shard are lanes of their own: one that cannot be appended goes alone until it
/// can, and one whose log and ledger contradict each other stands still, with a fault, and is compared anew now and
/// then. The others go on. An event of a service goes to the service's topic first and then to the shard's: what stands
/// on account.events has been copied. Messages leave the ledger once they are on the log: a log that lost them goes on
/// after them, and the timers of their sagas send them again.
/// </summary>
public sealed partial class Relay : IAsyncDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(LogLimits.IdleWaitMs);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(LogLimits.RelayPaceMs);
    private readonly GeneralLedger _ledger;
    private readonly ILog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lane[] _lanes;
    private readonly SourceHistory _sources;
    private readonly BackgroundLoop _loop;

    /// <summary>Made with <see cref="Start"/>.</summary>
    public Relay(GeneralLedger ledger, ILog log, TimeProvider time, ILogger<Relay> logger)
    {
        (_ledger, _log, _time, _logger, _sources) = (ledger, log, time, logger, new SourceHistory(ledger.Epochs));
        _lanes = [.. Enumerable.Range(0, ledger.Map.Shards)
            .SelectMany(shard => new[] { new Lane(shard, true), new Lane(shard, false) })];
        _loop = new BackgroundLoop("relay", RoundAsync, TimeSpan.Zero, time, logger);
    }

    /// <summary>
    /// Sees every event of a shard in order, after it is on the log, without reading it again. Repeats nothing while
    /// the process lives.
    /// </summary>
    public event Action<int, IReadOnlyList<LedgerEvent>>? Relayed;

    /// <summary>Where each shard stands.</summary>
    public IReadOnlyList<RelayStatus> Status => [.. Enumerable.Range(0, _ledger.Map.Shards).Select(StatusOf)];

    /// <summary>What keeps events or messages from the log; null while nothing does.</summary>
    public string? Fault
    {
        get
        {
            var faults = Status.Where(shard => shard.Fault is not null)
                .Select(shard => $"Shard {shard.Shard}: {shard.Fault}").ToList();
            if (_loop.Fault is { } fault) faults.Add(fault);
            return faults.Count == 0 ? null : string.Join(' ', faults);
        }
    }

    /// <summary>Starts the loop. It asks the log where each shard stands as soon as the log answers.</summary>
    public void Start() => _loop.Start();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        await Task.WhenAll(_lanes.Select(lane => lane.Alone)).ConfigureAwait(Background.WhateverItsEnd);
    }

    private RelayStatus StatusOf(int shard)
    {
        var (events, messages) = (_lanes[2 * shard], _lanes[(2 * shard) + 1]);
        var fault = _ledger.Owns(shard) ? FaultOf(events) ?? FaultOf(messages) : null;
        return new RelayStatus(shard, events.Seq, _ledger.CommittedHead(shard).EventSeq, fault);
    }

    // What goes alone holds up no round, so the loop does not notice that it hangs.
    private string? FaultOf(Lane lane)
    {
        if (lane.Fault is not null || lane.Alone.IsCompleted) return lane.Fault;
        var silent = _time.GetElapsedTime(lane.AloneSince);
        return silent.TotalMilliseconds <= Limits.LoopStallMs ? null
            : $"An append of its {lane.Name} has stood still for {silent.TotalSeconds:0} s.";
    }

    private async Task RoundAsync(CancellationToken cancel)
    {
        var carried = await PassAsync(cancel);
        if (carried == Carried.Nothing) await WaitAsync(cancel);
        // What else is committed meanwhile goes with it: one append for many commits. The steps of sagas wait for no
        // one.
        else if (carried == Carried.Events) await Task.Delay(Pace, _time, cancel);
    }

    private async Task<Carried> PassAsync(CancellationToken cancel)
    {
        var passes = new List<Pass>();
        foreach (var lane in _lanes.Where(IsDue))
        {
            try
            {
                if (lane.Epoch != _ledger.OwnedEpoch(lane.Shard)) await CompareAsync(lane, cancel);
                if (await ReadAsync(lane, cancel) is { } pass) passes.Add(pass);
                else lane.Fault = null;
            }
            catch (TidelineException fault)
            {
                Fail(lane, fault);
            }
        }

        foreach (var pass in passes.Where(pass => pass.Lane.IsApart)) pass.Lane.Alone = AppendAloneAsync(pass, cancel);
        passes.RemoveAll(pass => pass.Lane.IsApart);
        if (passes.Count == 0) return Carried.Nothing;
        await AppendAsync(passes, cancel);
        var isUrgent = passes.Exists(pass => pass.Records.Count == Limits.EventBatch || !pass.Lane.IsEvents);
        return isUrgent ? Carried.Messages : Carried.Events;
    }

    // Before the first append in an epoch: only the log knows how far another process carried what this one did not
    // own. A log that is ahead of its ledger is never appended to.
    private async Task CompareAsync(Lane lane, CancellationToken cancel)
    {
        var epoch = _ledger.OwnedEpoch(lane.Shard);
        var witness = new LogWitness(_log, _sources).Witness;
        if (await HistoryCheck.FindFaultAsync(_ledger.RawReader(lane.Shard), lane.Shard, witness, cancel) is { } fault)
        {
            _ledger.CloseShard(lane.Shard, fault);
            throw fault.ToException();
        }

        var head = await _sources.HeadAsync(_log, lane.Topic, lane.Stream, lane.Shard, cancel);
        lane.Copied.Clear();
        foreach (var topic in lane.IsEvents ? EventTypes.Topics : [])
            lane.Copied[topic] = (await _sources.HeadAsync(_log, topic, lane.Stream, lane.Shard, cancel)).Seq;
        (lane.Seq, lane.Epoch) = (head.Seq, epoch);
        lane.LostThrough = lane.KnownLost = head.LostThrough;
        await CopyAgainAsync(lane, cancel);
    }

    private async Task<Pass?> ReadAsync(Lane lane, CancellationToken cancel)
    {
        if (HeadOf(lane) <= lane.Seq) return null;
        var reader = _ledger.RawReader(lane.Shard);
        if (lane.IsEvents)
        {
            var events = await reader.GetEventsAsync(lane.Seq, Limits.EventBatch, cancel);
            if (events.Count == 0 || events[0].Position.Seq != lane.Seq + 1) throw Lost(
                $"Event {lane.Shard}:{lane.Seq + 1} is neither on the log nor in the ledger.");
            List<LogRecord> records =
                [.. events.Select(e => RecordOf(e, _sources.Of(lane.Stream, lane.Shard, e.Position.Seq)))];
            return new Pass(lane, events, records, CopiesOf(lane, events, records));
        }

        var head = HeadOf(lane);
        var messages = await reader.GetMessagesAsync(lane.Seq, Limits.EventBatch, cancel);
        var first = messages.Count > 0 ? messages[0].Seq : head + 1;
        if (first != lane.Seq + 1) lane.Seq = lane.LostThrough = first - 1;
        if (messages.Count > 0 && lane.LostThrough > lane.KnownLost)
        {
            // Said when the source begins that goes on after them, so once.
            MessagesLost(_logger, lane.LostThrough, lane.Shard);
            lane.KnownLost = lane.LostThrough;
        }

        string SourceOf(MessageRow message) =>
            _sources.Of(lane.Stream, lane.Shard, message.Seq, lane.LostThrough);
        return messages.Count == 0
            ? null
            : new Pass(lane, [], [.. messages.Select(message => RecordOf(message, SourceOf(message)))], []);
    }

    // A topic of a service that lost its newest records, or all, gets them again as far as the look back goes.
    private async Task CopyAgainAsync(Lane lane, CancellationToken cancel)
    {
        if (lane.Copied.Count == 0) return;
        var reader = _ledger.RawReader(lane.Shard);
        var through = Math.Max(lane.Copied.Values.Min(), lane.Seq - LogLimits.CopyLookBackEvents);
        while (through < lane.Seq)
        {
            var limit = (int)Math.Min(Limits.EventBatch, lane.Seq - through);
            if (await reader.GetEventsAsync(through, limit, cancel) is not { Count: > 0 } events) return;
            List<LogRecord> records =
                [.. events.Select(e => RecordOf(e, _sources.Of(lane.Stream, lane.Shard, e.Position.Seq)))];
            var copies = CopiesOf(lane, events, records);
            await CopyAsync(copies, cancel);
            foreach (var copy in copies) lane.Copied[copy.Topic] = copy.SourceSeq;
            through = events[^1].Position.Seq;
        }
    }

    // Each record of a service's topic names the shard's record before it there.
    private static List<LogRecord> CopiesOf(
        Lane lane, IReadOnlyList<LedgerEvent> events, List<LogRecord> records)
    {
        List<LogRecord> copies = [];
        if (lane.Copied.Count == 0) return copies;
        var copied = new Dictionary<string, long>(lane.Copied, StringComparer.Ordinal);
        for (var index = 0; index < events.Count; index++)
        {
            if (EventTypes.Find(events[index].Type)?.Topic is not { } topic
                || events[index].Position.Seq <= copied[topic]) continue;
            copies.Add(records[index] with { Topic = topic, PreviousSeq = copied[topic] });
            copied[topic] = events[index].Position.Seq;
        }

        return copies;
    }

    // All in one append; where that fails, each lane goes alone, so that the one that is to blame holds up no other.
    private async Task AppendAsync(List<Pass> passes, CancellationToken cancel)
    {
        CrashPoint.Pass("relay.append.before");
        try
        {
            await CopyAsync(passes.SelectMany(pass => pass.Copies), cancel);
            await _log.AppendAsync([.. passes.SelectMany(pass => pass.Records)], cancel);
        }
        catch (TidelineException fault) when (passes.Count > 1)
        {
            AppendFailed(_logger, fault);
            foreach (var pass in passes)
            {
                pass.Lane.IsApart = true;
                pass.Lane.Alone = AppendAloneAsync(pass, cancel);
            }

            return;
        }
        catch (TidelineException fault)
        {
            passes[0].Lane.IsApart = true;
            Fail(passes[0].Lane, fault);
            return;
        }

        CrashPoint.Pass("relay.append.after");
        foreach (var pass in passes) Passed(pass);
    }

    private async Task AppendAloneAsync(Pass pass, CancellationToken cancel)
    {
        pass.Lane.AloneSince = _time.GetTimestamp();
        try
        {
            await CopyAsync(pass.Copies, cancel);
            await _log.AppendAsync(pass.Records, cancel);
            pass.Lane.IsApart = false;
            Passed(pass);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Fail(pass.Lane, fault);
        }
    }

    private async Task CopyAsync(IEnumerable<LogRecord> copies, CancellationToken cancel)
    {
        List<LogRecord> records = [.. copies];
        if (records.Count == 0) return;
        await _log.AppendAsync(records, cancel);
        CrashPoint.Pass("relay.copy.after");
    }

    private void Passed(Pass pass)
    {
        var (lane, events, records, copies) = pass;
        foreach (var copy in copies) lane.Copied[copy.Topic] = copy.SourceSeq;
        (lane.Seq, lane.Fault) = (records[^1].SourceSeq, null);
        if (!lane.IsEvents) _ledger.ForgetMessages(lane.Shard, lane.Seq);
        else Relayed?.Invoke(lane.Shard, events);
    }

    private async Task WaitAsync(CancellationToken cancel)
    {
        // One that stands still, or is under way alone, wakes nobody.
        long From(Lane lane) => lane.Fault is null && lane.Alone.IsCompleted ? lane.Seq : long.MaxValue;
        var moved = Enumerable.Range(0, _ledger.Map.Shards).Where(_ledger.Owns)
            .Select(shard => _ledger.WaitForCommitAsync(
                shard, From(_lanes[2 * shard]), From(_lanes[(2 * shard) + 1]), Idle, cancel).AsTask()).ToList();
        if (moved.Count > 0) await await Task.WhenAny(moved);
        else await Task.Delay(Idle, _time, cancel);
    }

    private bool IsDue(Lane lane) => _ledger.Owns(lane.Shard) && lane.Alone.IsCompleted
        && (lane.Fault is null || _time.GetElapsedTime(lane.FailedAt).TotalMilliseconds >= lane.RestMs);

    private void Fail(Lane lane, Exception fault)
    {
        var isTransient = fault is TidelineException { IsTransient: true };
        // What contradicts itself is asked of the log anew: an operator may have mended it.
        if (!isTransient) lane.Epoch = Lane.Unknown;
        (lane.RestMs, lane.FailedAt) = (isTransient ? LogLimits.IdleWaitMs : LogLimits.RelayStopMs,
            _time.GetTimestamp());
        if (lane.Fault != fault.Message) LaneFailed(_logger, lane.Name, lane.Shard, fault);
        lane.Fault = fault.Message;
    }

    private long HeadOf(Lane lane) => _ledger.CommittedHead(lane.Shard) is var head && lane.IsEvents ? head.EventSeq
        : head.MessageSeq;

    private static TidelineException Lost(string message) => new(ErrorCode.Corrupt, message);

    private static LogRecord RecordOf(LedgerEvent e, string source) => new(
        Topics.AccountEvents, e.Position.Shard,
        0, source, e.Position.Seq, CustomerOf(e), e.Type.Name(), e.Subject, e.Version, e.TimeUs, e.Data);

    private static LogRecord RecordOf(MessageRow message, string source) => new(
        Topics.SagaCommands, message.TargetShard,
        0, source, message.Seq, message.SagaId, message.Type, message.SagaId, 0, message.TimeUs, message.Data);

    // The customer stands first in the data of every event; parsing all of it for that would be a waste.
    private static Guid CustomerOf(LedgerEvent e)
    {
        ReadOnlySpan<byte> prefix = "{\"customerId\":\""u8;
        var data = e.Data.Span;
        return data.StartsWith(prefix) && Guid.TryParse(
            Encoding.UTF8.GetString(data.Slice(prefix.Length, 36)), out var customer) ? customer : e.Subject;
    }

    private sealed record Pass(
        Lane Lane, IReadOnlyList<LedgerEvent> Events, IReadOnlyList<LogRecord> Records,
        IReadOnlyList<LogRecord> Copies);

    private enum Carried
    {
        Nothing,
        Events,
        Messages,
    }

    // The events, or the messages, of one shard.
    private sealed class Lane(int shard, bool isEvents)
    {
        public const long Unknown = -1;

        public int Shard => shard;

        public bool IsEvents => isEvents;

        public string Name => isEvents ? "events" : "messages";

        public string Topic => isEvents ? Topics.AccountEvents : Topics.SagaCommands;

        public ShardStream Stream => isEvents ? ShardStream.Events : ShardStream.Messages;

        /// <summary>The epoch of the ledger in which the log was asked.</summary>
        public long Epoch { get; set; } = Unknown;

        public long Seq { get; set; }

        /// <summary>The topics of services, with the newest event that was copied there.</summary>
        public Dictionary<string, long> Copied { get; } = new(StringComparer.Ordinal);

        /// <summary>Up to which number neither log nor ledger has messages that the log should have.</summary>
        public long LostThrough { get; set; }

        /// <summary>The same, as far as the log or its reader was told.</summary>
        public long KnownLost { get; set; }

        /// <summary>Whether an append with others failed and none has succeeded since: it goes alone.</summary>
        public bool IsApart { get; set; }

        /// <summary>The append that is under way alone.</summary>
        public Task Alone { get; set; } = Task.CompletedTask;

        public long AloneSince { get; set; }

        public string? Fault { get; set; }

        public long FailedAt { get; set; }

        public int RestMs { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The relay cannot carry the {Lane} of shard {Shard}; it tries again in a while.")]
    private static partial void LaneFailed(ILogger logger, string lane, int shard, Exception fault);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The log lost messages of shard {Shard}, up to {Through}. "
            + "Timers send again what was not carried out.")]
    private static partial void MessagesLost(ILogger logger, long through, int shard);

    [LoggerMessage(Level = LogLevel.Error, Message = "The relay could not append; each part goes alone now.")]
    private static partial void AppendFailed(ILogger logger, Exception fault);
}

/// <summary>How far the relay is on a shard of this process, and what holds it up if anything does.</summary>
public sealed record RelayStatus(int Shard, long RelayedSeq, long HeadSeq, string? Fault);
