using System.Globalization;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Continuously counts what waits for an operator on the shards of this process: parked sagas, money on suspense, dead
/// letters. Alarms and metrics read the last count.
/// </summary>
public sealed class SagaWatch : IAsyncDisposable
{
    private readonly GeneralLedger _ledger;
    private readonly WaitingSagas[] _waiting;
    private readonly OwnedShardLoops _loops;

    /// <summary>Start it with <see cref="Start"/>.</summary>
    public SagaWatch(GeneralLedger ledger, TimeProvider time, ILogger<SagaWatch> logger)
    {
        (_ledger, _waiting) = (ledger, [.. Enumerable.Repeat(WaitingSagas.None, ledger.Map.Shards)]);
        _loops = new OwnedShardLoops(
            ledger, "count of sagas that wait", LookAsync, TimeSpan.FromMilliseconds(SagaLimits.WatchMs), time, logger);
    }

    /// <summary>What waits on each shard, as of the last count; empty for a shard of another process.</summary>
    public IReadOnlyList<WaitingSagas> Waiting => [.. Enumerable.Range(0, _waiting.Length).Select(WaitingOn)];

    /// <summary>Starts counting, and registers what waits with <paramref name="health"/>.</summary>
    public void Start(NodeHealth health)
    {
        for (var shard = 0; shard < _waiting.Length; shard++)
        {
            var own = shard;
            health.Register($"sagas of shard {own}", FaultScope.Detail, () => WaitingOn(own).Sentence);
        }

        health.Register("saga watch", FaultScope.Detail, () => _loops.Fault);
        _loops.Start();
    }

    /// <summary>Counts once on a shard of this process.</summary>
    public async Task LookAsync(int shard, CancellationToken cancel) =>
        _waiting[shard] = await CountAsync(shard, cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loops.DisposeAsync();

    private WaitingSagas WaitingOn(int shard) => _ledger.Owns(shard) ? _waiting[shard] : WaitingSagas.None;

    private async Task<WaitingSagas> CountAsync(int shard, CancellationToken cancel)
    {
        var parked = await CountAsync(shard, SagaState.Parked, null, cancel);
        var suspense = new SortedDictionary<string, (int Sagas, long Minor)>(StringComparer.Ordinal);
        await CountAsync(shard, SagaState.Suspended, suspense, cancel);
        return new WaitingSagas(parked, await CountAsync(shard, SagaState.SetAside, null, cancel), suspense);
    }

    private async Task<int> CountAsync(
        int shard, SagaState state, SortedDictionary<string, (int Sagas, long Minor)>? amounts,
        CancellationToken cancel)
    {
        var (count, after) = (0, Guid.Empty);
        while (
            count < SagaLimits.WatchRows
            && await _ledger.Reader(shard).GetSagasAsync(state, after, Limits.PageRows, cancel) is { Count: > 0 } rows)
        {
            (count, after) = (count + rows.Count, rows[^1].Id);
            if (amounts is null)
                continue;
            foreach (var data in rows.Select(SagaJson.DataOf).OfType<SagaData>())
            {
                var (sagas, minor) = amounts.GetValueOrDefault(data.Currency);
                amounts[data.Currency] = (sagas + 1, minor + data.AmountMinor);
            }
        }

        return count;
    }
}

/// <summary>
/// What waits for an operator on a shard, each up to <see cref="SagaLimits.WatchRows"/>. <paramref name="Suspense"/>:
/// per currency, the number of sagas with money on suspense and the amount, minor units.
/// </summary>
public sealed record WaitingSagas(
    int Parked, int Letters, IReadOnlyDictionary<string, (int Sagas, long Minor)> Suspense)
{
    /// <summary>Nothing waits.</summary>
    public static WaitingSagas None { get; } = new(0, 0, new Dictionary<string, (int Sagas, long Minor)>());

    /// <summary>What waits, and the command to inspect it, as a sentence; null if nothing waits.</summary>
    public string? Sentence
    {
        get
        {
            var parts = new List<string>();
            foreach (var (currency, (sagas, minor)) in Suspense)
            {
                var amount = new Money(minor, Currency.Parse(currency));
                parts.Add(Say($"{amount} on suspense, sagas: {sagas} (tideline sagas list --state suspended)"));
            }

            if (Parked > 0)
                parts.Add(Say($"parked sagas: {Parked} (tideline sagas list --state parked)"));
            if (Letters > 0)
                parts.Add(Say($"dead letters of sagas: {Letters} (tideline dlq list)"));
            return parts.Count == 0 ? null : string.Join("; ", parts) + ".";
        }
    }

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}
