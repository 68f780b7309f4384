using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>
/// Keeps the manifest of a data folder up to date: every <see cref="LedgerLimits.ManifestMs"/> while heads move, and at
/// the end. For a shard that lacks observed data it keeps the earlier head, so that the next start detects the loss
/// even if the other witnesses are gone.
/// </summary>
internal sealed class ManifestKeeper : IAsyncDisposable
{
    private readonly GeneralLedger _ledger;
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly BackgroundLoop _loop;
    private readonly HistoryGuard _guard;
    private readonly ManifestHead?[] _seen;
    private volatile ManifestHead[] _written = [];
    private volatile string? _lost;

    /// <summary>Start it with <see cref="StartAsync"/>.</summary>
    public ManifestKeeper(
        GeneralLedger ledger, HistoryGuard guard, string directory, TimeProvider time, ILogger logger)
    {
        (_ledger, _guard, _directory, _time) = (ledger, guard, directory, time);
        _seen = new ManifestHead?[ledger.Map.Shards];
        _loop = new BackgroundLoop(
            $"writing of {Manifest.FileName}", KeepAsync, TimeSpan.FromMilliseconds(LedgerLimits.ManifestMs), time,
                logger);
    }

    /// <summary>
    /// Why the manifest is not up to date, or what a shard has lost since it was written; null if neither applies.
    /// </summary>
    public string? Fault => _loop.Fault ?? _lost;

    /// <summary>The last written manifest as a witness, for a shard that another process owned until now.</summary>
    public Witness Witness => new(
        $"the data folder's {Manifest.FileName}",
        (shard, _) => ValueTask.FromResult(_written.FirstOrDefault(head => head.Shard == shard)));

    /// <summary>Writes the manifest, then starts to keep it up to date.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        // Owned shards were compared with the witnesses when they were acquired.
        await Task.WhenAll(Enumerable.Range(0, _seen.Length)
            .Where(shard => !_ledger.Owns(shard) && _ledger.WhyClosed(shard) is null)
            .Select(async shard =>
                _seen[shard] = (await _guard.FindFaultAsync(_ledger.RawReader(shard), shard, cancel))?.Seen));
        await KeepAsync(cancel);
        _loop.Start();
    }

    /// <summary>Writes the manifest if a head moved since it was written.</summary>
    public async Task KeepAsync(CancellationToken cancel)
    {
        var heads = new ManifestHead[_ledger.Map.Shards];
        string? lost = null;
        for (var shard = 0; shard < heads.Length; shard++)
        {
            heads[shard] = _ledger.SeenOfClosed(shard)
                ?? _seen[shard] ?? await HeadAsync(_ledger.RawReader(shard), cancel);
            // If a server comes back with less than it acknowledged, the manifest must keep the loss visible.
            if (_written.Length == 0 || !IsBehind(heads[shard], _written[shard])) continue;
            var (found, before) = (heads[shard], _written[shard]);
            lost ??= $"Shard {shard} holds events to {found.EventSeq} and messages to {found.MessageSeq}, but held "
                + $"{before.EventSeq} and {before.MessageSeq} before: acknowledged commands are lost.";
            heads[shard] = before;
        }

        _lost = lost;
        if (heads.AsSpan().SequenceEqual(_written)) return;
        var now = _ledger.Epochs(0)[^1];
        new Manifest(now.Installation, now.Number, heads.Length, heads, _time.GetUtcNow()).Write(_directory);
        _written = heads;
    }

    private static bool IsBehind(ManifestHead now, ManifestHead before) =>
        now.EventSeq < before.EventSeq || now.MessageSeq < before.MessageSeq
        || (now.EventSeq == before.EventSeq && now.EventHash != before.EventHash);

    /// <summary>A durable head of a shard, with the hash of its newest event.</summary>
    public static async Task<ManifestHead> HeadAsync(IShardReader reader, CancellationToken cancel)
    {
        var head = await reader.GetHeadAsync(cancel);
        var last = head.EventSeq == 0 ? [] : await reader.GetEventsAsync(head.EventSeq - 1, 1, cancel);
        var hash = last.Count == 0 ? "" : Convert.ToHexStringLower(EventHash.Of(last[0]));
        return new ManifestHead(head.Shard, head.EventSeq, hash, head.MessageSeq, head.TimeUs);
    }

    /// <summary>Writes the manifest a last time, with the heads of a clean stop.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        try
        {
            await KeepAsync(CancellationToken.None);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or TidelineException)
        {
            // The log and the views also know these heads.
            return;
        }
    }
}
