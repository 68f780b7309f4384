using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>Keeps the manifest of a data folder up to date: every <see cref="Limits.ManifestMs"/> while heads move, and at the end.</summary>
internal sealed partial class ManifestKeeper(GeneralLedger ledger, string directory, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private ManifestHead[] _written = [];
    private Task _loop = Task.CompletedTask;

    /// <summary>Why the manifest is not up to date; null while it is.</summary>
    public string? Fault { get; private set; }

    /// <summary>Writes the manifest, then begins to keep it.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        await KeepAsync(cancel);
        _loop = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Writes the manifest if a head moved since it was written.</summary>
    public async Task KeepAsync(CancellationToken cancel)
    {
        var heads = new ManifestHead[ledger.Map.Shards];
        for (var shard = 0; shard < heads.Length; shard++) heads[shard] = await HeadAsync(ledger.Reader(shard), cancel);
        if (heads.AsSpan().SequenceEqual(_written)) return;
        var now = ledger.Epochs(0)[^1];
        new Manifest(now.Installation, now.Number, heads.Length, heads, time.GetUtcNow()).Write(directory);
        _written = heads;
    }

    /// <summary>A durable head of a shard, with the hash of its newest event.</summary>
    public static async Task<ManifestHead> HeadAsync(IShardReader reader, CancellationToken cancel)
    {
        var head = await reader.GetHeadAsync(cancel);
        var last = head.EventSeq == 0 ? [] : await reader.GetEventsAsync(head.EventSeq - 1, 1, cancel);
        var hash = last.Count == 0 ? "" : Convert.ToHexStringLower(EventHash.Of(last[0]));
        return new ManifestHead(head.Shard, head.EventSeq, hash, head.MessageSeq, head.TimeUs);
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
            await Task.Delay(TimeSpan.FromMilliseconds(Limits.ManifestMs), time, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await KeepAsync(CancellationToken.None);
                Fault = null;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                Fault = $"{Manifest.FileName} is not written: {fault.Message}";
                NotKept(logger, fault);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The manifest of the data folder was not written; it is tried again.")]
    private static partial void NotKept(ILogger logger, Exception fault);
}
