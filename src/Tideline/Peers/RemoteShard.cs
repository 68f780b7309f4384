using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Peers;

/// <summary>
/// Forwards commands for one shard to the process that owns it. Commands that arrive while requests are in flight go
/// with the next request. A command that was not accepted because the shard changes owners is retried until it has an
/// owner, which may be this process. A command that may have been accepted but was not answered fails at once; a repeat
/// with the same key returns the outcome.
/// </summary>
internal sealed class RemoteShard(
    int shard, GeneralLedger ledger, PeerCommands commands, CommandTransport carry, Guid ownSecret, TimeProvider time)
    : IAsyncDisposable
{
    private const string ShuttingDown = "The program is shutting down; repeat the request with the same key.";
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(
        PeerLimits.RetryMs), Patience = TimeSpan.FromMilliseconds(PeerLimits.AnswerMs);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PendingForward> _waiting = [];
    private int _senders;
    private bool _isClosed;

    /// <summary>Queues a command; the task completes with the owner's answer.</summary>
    /// <exception cref="TidelineException">Overloaded, ShuttingDown: it was not queued.</exception>
    public Task<Reply> Submit(LedgerCommand command)
    {
        var pending = new PendingForward(command, time.GetTimestamp());
        lock (_gate)
        {
            if (_isClosed) throw new TidelineException(ErrorCode.ShuttingDown, ShuttingDown);
            if (_waiting.Count >= PeerLimits.QueueDepth)
                throw new TidelineException(ErrorCode.Overloaded, $"{_waiting.Count} commands wait for the owner of "
                    + $"shard {shard}; repeat the request with the same key in a moment.");
            _waiting.Add(pending);
            if (_senders < PeerLimits.RequestsInFlight)
            {
                _senders++;
                _ = Background.Run(SendAllAsync);
            }
        }

        return pending.End;
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            if (_senders == 0) _ended.TrySetResult();
        }

        await _stop.CancelAsync();
        await _ended.Task;
        _stop.Dispose();
    }

    private async Task SendAllAsync()
    {
        while (Take() is { Count: > 0 } batch) await SendAsync(batch);
    }

    // Empty if this sender is no longer needed.
    private List<PendingForward> Take()
    {
        lock (_gate)
        {
            var batch = _waiting.GetRange(0, Math.Min(_waiting.Count, PeerLimits.BatchCommands));
            _waiting.RemoveRange(0, batch.Count);
            if (batch.Count == 0 && --_senders == 0 && _isClosed) _ended.TrySetResult();
            return batch;
        }
    }

    // Loops until every command was answered or has waited too long.
    private async Task SendAsync(List<PendingForward> batch)
    {
        while (true)
        {
            try
            {
                await TryAsync(batch);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // They are answered below.
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                var code = fault is TidelineException told ? told.Code : ErrorCode.Internal;
                foreach (var pending in batch) pending.Fail(code, fault.Message, fault);
            }

            batch.RemoveAll(pending => pending.End.IsCompleted);
            foreach (var pending in batch)
            {
                if (_stop.IsCancellationRequested) pending.Fail(ErrorCode.ShuttingDown, ShuttingDown);
                else if (time.GetElapsedTime(pending.Since).TotalMilliseconds > PeerLimits.WaitMs)
                    pending.Fail(ErrorCode.NotOwner,
                        $"No process accepted commands for shard {shard} in {PeerLimits.WaitMs / 1_000.0} s; "
                            + $"repeat the request with the same key. {ledger.WhyNotOwner(shard)}");
            }

            batch.RemoveAll(pending => pending.End.IsCompleted);
            if (batch.Count == 0) return;
            await Task.Delay(Rest, time, _stop.Token).ConfigureAwait(Background.WhateverItsEnd);
        }
    }

    // Commands that have not ended afterwards were not accepted.
    private async Task TryAsync(List<PendingForward> batch)
    {
        if (ledger.Owns(shard))
        {
            await Task.WhenAll(batch.Select(CarryOutAsync));
            return;
        }

        if (ledger.ObservedOwner(shard) is not { Owner: { Address.Length: > 0 } owner } seen
            || owner.Secret == ownSecret) return;
        // Time spent waiting for an owner is deducted from the time for its answer.
        var left = TimeSpan.FromMilliseconds(LedgerLimits.ShardAnswerMs) - time.GetElapsedTime(
            batch.Min(pending => pending.Since));
        using var late = new CancellationTokenSource(left < Patience ? (left < Rest ? Rest : left) : Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, seen.Left, _stop.Token);
        try
        {
            Settle(batch,
                await carry(owner, shard, commands.Write(batch.Select(pending => pending.Command)), limit.Token));
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotOwner)
        {
            await ledger.LookForOwnerAsync(shard, _stop.Token);
        }
        catch (OperationCanceledException fault)
        {
            throw new TidelineException(ErrorCode.StorageUnavailable, $"Shard {shard} is owned by {owner.Words}, which "
                + $"received the command but has not answered; repeat the request with the same key.", fault);
        }
    }

    // This process acquired the shard while the command waited.
    private async Task CarryOutAsync(PendingForward pending)
    {
        try
        {
            if (ledger.TrySubmitHere(shard, pending.Command) is { } here) pending.Answer(await here);
        }
        catch (TidelineException fault)
        {
            pending.Fail(fault.Code, fault.Message, fault);
        }
    }

    private void Settle(List<PendingForward> batch, ReadOnlyMemory<byte> json)
    {
        var answers = JsonSerializer.Deserialize(json.Span, PeerJson.Default.PeerAnswerArray) ?? [];
        if (answers.Length != batch.Count)
            throw new TidelineException(ErrorCode.StorageUnavailable, $"The owner of shard {shard} received "
                + $"{batch.Count} commands but answered {answers.Length}; repeat the request with the same key.");
        foreach (var (pending, answer) in batch.Zip(answers))
        {
            if (answer.Reply is { } reply)
            {
                // Before the client learns of it: later reads in this process must see the position.
                ledger.Reach(reply.Position);
                pending.Answer(reply);
            }
            else if (answer.Fault is not (ErrorCode.NotOwner or ErrorCode.ShuttingDown))
            {
                pending.Fail(answer.Fault, answer.Message ?? "");
            }
        }
    }
}
