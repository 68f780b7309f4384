using System.Text;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Log;

/// <summary>
/// Carries what the ledger committed to the log, in order and once: it reads the events table, never memory, and goes on after what the log itself says
/// it has. One loop serves all shards that the process owns; one append carries all that is there. A shard whose log and ledger contradict each other stops, with a fault in
/// its status, because going on would hide a loss; the others go on.
/// </summary>
public sealed partial class Relay(GeneralLedger ledger, ILog log, TimeProvider time, ILogger<Relay> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(Limits.IdleWaitMs);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(Limits.RelayPaceMs);
    private readonly CancellationTokenSource _stop = new();
    private readonly ShardRelay[] _shards = [.. Enumerable.Range(0, ledger.Map.Shards).Select(shard => new ShardRelay(shard))];
    private Task _loop = Task.CompletedTask;

    private SourceHistory Sources { get; } = new(ledger.Epochs);

    /// <summary>Sees every event of a shard in order, after it is on the log, without reading it again. Repeats nothing while the process lives.</summary>
    public event Action<int, IReadOnlyList<LedgerEvent>>? Relayed;

    /// <summary>Where each shard stands.</summary>
    public IReadOnlyList<RelayStatus> Status => [.. _shards.Select(shard => new RelayStatus(shard.Shard, shard.EventSeq, ledger.CommittedHead(shard.Shard).EventSeq, shard.Fault))];

    /// <summary>Asks the log where each shard stands and starts the loop.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        foreach (var shard in _shards) await PositionAsync(shard, cancel);
        _loop = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var carried = await PassAsync(_stop.Token);
                if (carried == Carried.Nothing) await WaitAsync();
                // What else is committed meanwhile goes with it: one append for many commits. The steps of sagas wait for no one.
                else if (carried == Carried.Events) await Task.Delay(Pace, time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                RelayFailed(logger, fault);
                await Task.Delay(Idle, time, CancellationToken.None);
            }
        }
    }

    // Only the log knows how far another process carried what this one did not own.
    private async Task PositionAsync(ShardRelay shard, CancellationToken cancel)
    {
        var epoch = ledger.OwnedEpoch(shard.Shard);
        try
        {
            shard.EventSeq = await Sources.HeadAsync(log, Topics.AccountEvents, ShardStream.Events, shard.Shard, cancel);
            shard.MessageSeq = await Sources.HeadAsync(log, Topics.SagaCommands, ShardStream.Messages, shard.Shard, cancel);
            // Before anything is appended: a ledger that lost its end would go on under numbers that the log has given already.
            if (epoch != 0 && await HistoryCheck.FindFaultAsync(ledger.Reader(shard.Shard), shard.Shard, new LogWitness(log, Sources).Witness, cancel) is { } lost)
            {
                ledger.CloseShard(shard.Shard, Lost(lost));
                Stop(shard, Lost(lost));
                return;
            }
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.Corrupt)
        {
            Stop(shard, fault);
            return;
        }

        shard.Epoch = epoch;
    }

    private async Task<Carried> PassAsync(CancellationToken cancel)
    {
        var passes = new List<Pass>();
        TidelineException? away = null;
        foreach (var shard in _shards.Where(shard => shard.Fault is null && ledger.Owns(shard.Shard)))
        {
            try
            {
                if (shard.Epoch != ledger.OwnedEpoch(shard.Shard)) await PositionAsync(shard, cancel);
                if (shard.Fault is null && await ReadAsync(shard, cancel) is { } pass) passes.Add(pass);
            }
            catch (TidelineException fault) when (fault.Code == ErrorCode.Corrupt)
            {
                Stop(shard, fault);
            }
            catch (TidelineException fault) when (fault.IsTransient)
            {
                // A shard whose store is away does not hold up the others.
                away = fault;
            }
        }

        if (passes.Count > 0) await AppendAsync(passes, cancel);
        if (away is not null) throw new TidelineException(away.Code, away.Message, away);
        if (passes.Count == 0) return Carried.Nothing;
        return passes.Exists(pass => pass.Events.Count == Limits.EventBatch || pass.Messages.Count > 0) ? Carried.Messages : Carried.Events;
    }

    private async Task AppendAsync(List<Pass> passes, CancellationToken cancel)
    {
        CrashPoint.Pass("relay.append.before");
        try
        {
            await log.AppendAsync([.. passes.SelectMany(pass => pass.Records)], cancel);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.Corrupt)
        {
            passes = await AppendEachAsync(passes, cancel);
        }

        CrashPoint.Pass("relay.append.after");
        foreach (var pass in passes) Passed(pass);
    }

    private async Task<Pass?> ReadAsync(ShardRelay shard, CancellationToken cancel)
    {
        var head = ledger.CommittedHead(shard.Shard);
        var reader = ledger.Reader(shard.Shard);
        var events = head.EventSeq > shard.EventSeq ? await reader.GetEventsAsync(shard.EventSeq, Limits.EventBatch, cancel) : [];
        var messages = head.MessageSeq > shard.MessageSeq ? await reader.GetMessagesAsync(shard.MessageSeq, Limits.EventBatch, cancel) : [];
        // Messages leave the ledger once they are on the log, so one that is in neither is lost.
        if (head.EventSeq > shard.EventSeq && (events.Count == 0 || events[0].Position.Seq != shard.EventSeq + 1))
            throw Lost($"Event {shard.Shard}:{shard.EventSeq + 1} is neither on the log nor in the ledger.");
        if (head.MessageSeq > shard.MessageSeq && (messages.Count == 0 || messages[0].Seq != shard.MessageSeq + 1))
            throw Lost($"Message {shard.MessageSeq + 1} of shard {shard.Shard} is neither on the log nor in the ledger.");
        if (events.Count + messages.Count == 0) return null;
        return new Pass(
            shard,
            events,
            messages,
            [
                .. events.Select(e => RecordOf(e, Sources.Of(ShardStream.Events, shard.Shard, e.Position.Seq))),
                .. messages.Select(message => RecordOf(message, Sources.Of(ShardStream.Messages, shard.Shard, message.Seq))),
            ]);
    }

    // The log refused one of them: each goes alone, so that the others are not held up.
    private async Task<List<Pass>> AppendEachAsync(List<Pass> passes, CancellationToken cancel)
    {
        var appended = new List<Pass>();
        foreach (var pass in passes)
        {
            try
            {
                await log.AppendAsync(pass.Records, cancel);
                appended.Add(pass);
            }
            catch (TidelineException fault) when (fault.Code == ErrorCode.Corrupt)
            {
                Stop(pass.Shard, fault);
            }
        }

        return appended;
    }

    private void Passed(Pass pass)
    {
        var (shard, events, messages, _) = pass;
        if (messages.Count > 0)
        {
            shard.MessageSeq = messages[^1].Seq;
            ledger.ForgetMessages(shard.Shard, shard.MessageSeq);
        }

        if (events.Count == 0) return;
        shard.EventSeq = events[^1].Position.Seq;
        Relayed?.Invoke(shard.Shard, events);
    }

    private async Task WaitAsync()
    {
        var moved = _shards.Where(shard => shard.Fault is null && ledger.Owns(shard.Shard))
            .Select(shard => ledger.WaitForCommitAsync(shard.Shard, shard.EventSeq, shard.MessageSeq, Idle, _stop.Token).AsTask()).ToList();
        if (moved.Count > 0) await await Task.WhenAny(moved);
        else await Task.Delay(Idle, time, _stop.Token);
    }

    private void Stop(ShardRelay shard, TidelineException fault)
    {
        shard.Fault = fault.Message;
        ShardStopped(logger, shard.Shard, fault);
    }

    private static TidelineException Lost(string message) => new(ErrorCode.Corrupt, message);

    private static LogRecord RecordOf(LedgerEvent e, string source) => new(
        Topics.AccountEvents, e.Position.Shard, 0, source, e.Position.Seq, CustomerOf(e), e.Type.Name(), e.Subject, e.Version, e.TimeUs, e.Data);

    private static LogRecord RecordOf(MessageRow message, string source) => new(
        Topics.SagaCommands, message.TargetShard, 0, source, message.Seq, message.SagaId, message.Type, message.SagaId, 0, message.TimeUs, message.Data);

    // The customer stands first in the data of every event; parsing all of it for that would be a waste.
    private static Guid CustomerOf(LedgerEvent e)
    {
        ReadOnlySpan<byte> prefix = "{\"customerId\":\""u8;
        var data = e.Data.Span;
        return data.StartsWith(prefix) && Guid.TryParse(Encoding.UTF8.GetString(data.Slice(prefix.Length, 36)), out var customer) ? customer : e.Subject;
    }

    private sealed record Pass(ShardRelay Shard, IReadOnlyList<LedgerEvent> Events, IReadOnlyList<MessageRow> Messages, IReadOnlyList<LogRecord> Records);

    private enum Carried
    {
        Nothing,
        Events,
        Messages,
    }

    private sealed class ShardRelay(int shard)
    {
        public int Shard { get; } = shard;

        /// <summary>The epoch of the ledger in which the log was asked.</summary>
        public long Epoch { get; set; }

        public long EventSeq { get; set; }

        public long MessageSeq { get; set; }

        public string? Fault { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The relay stopped for shard {Shard}: its log and its ledger contradict each other.")]
    private static partial void ShardStopped(ILogger logger, int shard, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "The relay could not carry events to the log.")]
    private static partial void RelayFailed(ILogger logger, Exception fault);
}

/// <summary>How far the relay is on a shard, and why it stopped if it did.</summary>
public sealed record RelayStatus(int Shard, long RelayedSeq, long HeadSeq, string? Fault);
