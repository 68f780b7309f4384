using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Consistency;

/// <summary>
/// Checks whether each shard accepts writes, with a commit without content that is as durable as any other: only a
/// write can show that a disk is full, read-only or stuck, or that a writer has stopped. A shard of another process
/// accepts writes there. However often it is called, a shard has at most one probe in flight, and its result is reused
/// for <see cref="VerifyLimits.WriteProbeMs"/>.
/// </summary>
public sealed class WriteProbe(GeneralLedger ledger, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(VerifyLimits.WriteProbeTimeoutMs);
    private readonly Lock _lock = new();
    private readonly Task?[] _underWay = new Task?[ledger.Map.Shards];
    private Task<string?[]>? _last;
    private long _beganUs;

    /// <summary>For each shard, why it does not accept writes; null if it does.</summary>
    public Task<string?[]> CheckAsync()
    {
        lock (_lock)
        {
            var now = time.NowUs();
            if (_last is not null && (!_last.IsCompleted || now - _beganUs < VerifyLimits.WriteProbeMs * 1_000L))
                return _last;
            _beganUs = now;
            return _last = Task.WhenAll(Enumerable.Range(0, ledger.Map.Shards).Select(ProbeAsync));
        }
    }

    private async Task<string?> ProbeAsync(int shard)
    {
        if (ledger.WhyNotOwner(shard) is { } why)
            return ledger.OwnerElsewhere(shard) is { Address.Length: > 0 } ? null : why;
        try
        {
            // A hanging probe is awaited again rather than repeated.
            if (_underWay[shard] is not { IsCompleted: false } write)
                _underWay[shard] = write = ledger.SubmitHereAsync(shard, new EmptyCommit());
            await write.WaitAsync(Patience, time);
            return null;
        }
        catch (TimeoutException)
        {
            return $"A write was not durable within {VerifyLimits.WriteProbeTimeoutMs / 1_000} s.";
        }
        catch (TidelineException fault)
        {
            return fault.Message;
        }
    }

    private sealed record EmptyCommit : LedgerCommand
    {
        public override Guid RouteId => Guid.Empty;

        internal override Guid Subject => Guid.Empty;

        internal override void Collect(BatchKeys keys, ShardContext context)
        {
        }

        internal override Reply Decide(Batch batch) => batch.Done(Guid.Empty, 0);
    }
}
