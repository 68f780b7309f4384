using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Audit;

/// <summary>
/// The head of a shard's audit chain, as published when its block was new; <paramref name="Hash"/> in lower-case
/// hexadecimal.
/// </summary>
internal sealed record AuditHead(int Shard, long Number, long ThroughSeq, string Hash);

/// <summary>
/// Publishes every audit block's hash on <c>audit.heads</c>: rewriting the ledger with a consistent chain would then
/// also require rewriting the log, and every copy of it. The log's own head determines what to publish next, so a crash
/// neither loses nor repeats a block. The topic is never trimmed, because no group reads it.
/// </summary>
public sealed class AuditHeads : IAsyncDisposable
{
    private const string Type = "AUDIT_BLOCK_SEALED";
    private readonly GeneralLedger _ledger;
    private readonly ILog _log;
    private readonly (long Epoch, long? Number)[] _published;
    private readonly SourceHistory _sources;
    private readonly OwnedShardLoops _loops;

    /// <summary>Start it with <see cref="Start"/>.</summary>
    public AuditHeads(GeneralLedger ledger, ILog log, TimeProvider time, ILogger<AuditHeads> logger)
    {
        (_ledger, _log, _published, _sources) =
            (ledger, log, new (long, long?)[ledger.Map.Shards], new SourceHistory(ledger.Epochs));
        _loops = new OwnedShardLoops(ledger, "publishing of audit heads", PublishAsync,
            TimeSpan.FromMilliseconds(AuditLimits.BlockMs), time, logger, Limits.LongPassMs);
    }

    /// <summary>Why heads are not published; null while they are.</summary>
    public string? Fault => _loops.Fault;

    /// <summary>Starts publishing.</summary>
    public void Start() => _loops.Start();

    /// <summary>Publishes the blocks of a shard that are not on the log.</summary>
    /// <returns>The number of the newest published block.</returns>
    /// <exception cref="TidelineException">Corrupt: a block is missing between the published blocks and the
    /// newest.</exception>
    public async Task<long> PublishAsync(int shard, CancellationToken cancel)
    {
        // The log tells how far another owner came.
        var epoch = _ledger.OwnedEpoch(shard);
        var published = (_published[shard].Epoch == epoch ? _published[shard].Number : null)
            ?? (await _sources.HeadAsync(_log, Topics.AuditHeads, ShardStream.Blocks, shard, cancel)).Seq;
        // Unset until all is appended: the log tells the outcome of a failed append.
        _published[shard] = default;
        while (await _ledger.Reader(shard).GetBlocksAsync(published, Limits.PageRows, cancel) is { Count: > 0 } blocks)
        {
            await _log.AppendAsync([.. blocks.Select(
                block => RecordOf(shard, _sources.Of(ShardStream.Blocks, shard, block.Number), block))], cancel);
            published = blocks[^1].Number;
        }

        _published[shard] = (epoch, published);
        return published;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loops.DisposeAsync();

    /// <summary>Parses a record of the topic; null if it is not an audit head.</summary>
    internal static AuditHead? Parse(LogRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Data.Span, AuditHeadJson.Default.AuditHead);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static LogRecord RecordOf(int shard, string source, AuditBlockRow block)
    {
        var head = new AuditHead(shard, block.Number, block.ThroughSeq, Convert.ToHexStringLower(block.Hash));
        return new LogRecord(
            Topics.AuditHeads, shard, 0, source, block.Number, Guid.Empty, Type,
            Guid.Empty, 0, block.TimeUs, JsonSerializer.SerializeToUtf8Bytes(head, AuditHeadJson.Default.AuditHead));
    }
}

/// <summary>The JSON of <see cref="AuditHead"/>: camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AuditHead))]
internal sealed partial class AuditHeadJson : JsonSerializerContext;
