using System.Text;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Log;

/// <summary>
/// Carries what the ledger committed to the log, in order and once: it reads the events table, never memory, and goes on after what the log itself says
/// it has. One loop serves all shards of the process; one append carries all that is there.
/// </summary>
public sealed partial class Relay(GeneralLedger ledger, ILog log, TimeProvider time, ILogger<Relay> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(Limits.IdleWaitMs);
    private readonly CancellationTokenSource _stop = new();
    private readonly ShardRelay[] _shards = [.. Enumerable.Range(0, ledger.Map.Shards).Select(shard => new ShardRelay(shard))];
    private Task _loop = Task.CompletedTask;

    /// <summary>Sees every event of a shard in order, after it is on the log, without reading it again. Repeats nothing while the process lives.</summary>
    public event Action<int, IReadOnlyList<LedgerEvent>>? Relayed;

    /// <summary>Where each shard stands.</summary>
    public IReadOnlyList<RelayStatus> Status => [.. _shards.Select(shard => new RelayStatus(shard.Shard, shard.EventSeq, ledger.CommittedHead(shard.Shard).EventSeq, shard.Fault))];

    /// <summary>Asks the log where each shard stands and starts the loop.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        foreach (var shard in _shards)
        {
            shard.EventSeq = await log.GetSourceHeadAsync(Topics.AccountEvents, shard.Source, cancel);
            shard.MessageSeq = await log.GetSourceHeadAsync(Topics.SagaCommands, shard.Source, cancel);
        }

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
                if (!await PassAsync(_stop.Token)) await WaitAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (TidelineException fault)
            {
                RelayFailed(logger, fault);
                if (!fault.IsTransient) Stop(fault);
                await Task.Delay(Idle, time, CancellationToken.None);
            }
        }
    }

    private async Task<bool> PassAsync(CancellationToken cancel)
    {
        var records = new List<LogRecord>();
        var passes = new List<(ShardRelay Shard, IReadOnlyList<LedgerEvent> Events, IReadOnlyList<MessageRow> Messages)>();
        foreach (var shard in _shards.Where(shard => shard.Fault is null))
        {
            var head = ledger.CommittedHead(shard.Shard);
            var events = head.EventSeq > shard.EventSeq ? await ledger.Reader(shard.Shard).GetEventsAsync(shard.EventSeq, Limits.EventBatch, cancel) : [];
            var messages = head.MessageSeq > shard.MessageSeq ? await ledger.Reader(shard.Shard).GetMessagesAsync(shard.MessageSeq, Limits.EventBatch, cancel) : [];
            if (events.Count + messages.Count == 0) continue;
            foreach (var e in events) records.Add(RecordOf(e, shard.Source));
            foreach (var message in messages) records.Add(RecordOf(message, shard.Source));
            passes.Add((shard, events, messages));
        }

        if (passes.Count == 0) return false;
        CrashPoint.Pass("relay.append.before");
        await log.AppendAsync(records, cancel);
        CrashPoint.Pass("relay.append.after");
        foreach (var (shard, events, messages) in passes) Passed(shard, events, messages);
        return true;
    }

    private void Passed(ShardRelay shard, IReadOnlyList<LedgerEvent> events, IReadOnlyList<MessageRow> messages)
    {
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
        var moved = _shards.Where(shard => shard.Fault is null)
            .Select(shard => ledger.WaitForCommitAsync(shard.Shard, shard.EventSeq, shard.MessageSeq, Idle, _stop.Token).AsTask()).ToList();
        if (moved.Count > 0) await await Task.WhenAny(moved);
        else await Task.Delay(Idle, time, _stop.Token);
    }

    // Only a log that contradicts the ledger is no transient fault: going on would hide a loss.
    private void Stop(TidelineException fault)
    {
        foreach (var shard in _shards) shard.Fault = fault.Message;
    }

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

    private sealed class ShardRelay(int shard)
    {
        public int Shard { get; } = shard;

        public string Source { get; } = $"shard-{shard}";

        public long EventSeq { get; set; }

        public long MessageSeq { get; set; }

        public string? Fault { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The relay could not carry events to the log.")]
    private static partial void RelayFailed(ILogger logger, Exception fault);
}

/// <summary>How far the relay is on a shard, and why it stopped if it did.</summary>
public sealed record RelayStatus(int Shard, long RelayedSeq, long HeadSeq, string? Fault);
