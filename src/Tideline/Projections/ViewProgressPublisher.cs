using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Projections;

/// <summary>
/// The data of an announcement such as CUSTOMER_VIEW_UPDATED: the documents hold the events of a shard from one
/// position through another.
/// <paramref name="Epoch"/>: the installation epoch in which it was said.
/// </summary>
internal sealed record ViewUpdated(int Shard, long FromSeq, long ThroughSeq, long ThroughTimeUs, long Epoch = 1);

/// <summary>
/// Announces how far the documents of a projection are. What was last said stands in the log itself, so whatever a
/// crash left unsaid is said by the next pass, once.
/// </summary>
internal sealed class ViewProgressPublisher(
    string projection, ViewAnnouncement announcement, GeneralLedger ledger, ILog log, TimeProvider time)
{
    private const int ScanRecords = 256;
    private readonly string _producer = $"views-{projection}";
    private readonly SourceHistory _sources = new(ledger.Epochs);

    /// <summary>The last position announced for a shard that no restore took back, and the source.</summary>
    public async Task<(long ThroughSeq, CountedSource Source)> LastAsync(
        int shard, CountedSource chosen, CancellationToken cancel)
    {
        var source = await _sources.FindCountedAsync(
            log, announcement.Topic, _producer, shard, ledger.NowUs(shard), chosen, cancel);
        if (source.IsFirst) return (0, source);
        for (var before = await log.GetHeadAsync(announcement.Topic, shard, cancel); before
            > 0; before -= ScanRecords)
        {
            var records = await log.ReadAsync(
                announcement.Topic, shard, Math.Max(0, before - ScanRecords), ScanRecords, cancel);
            if (records.LastOrDefault(IsOurs) is not { } last) continue;
            return (Parse(last) is { } said
                ? Math.Min(said.ThroughSeq, _sources.LimitOf(ShardStream.Events, shard, said.Epoch))
                    : 0, source);
        }

        // Retention took the record; whoever follows the topic has read it.
        return (0, source);
    }

    /// <summary>Appends what is not yet said, for all shards at once.</summary>
    public async Task AnnounceAsync(IReadOnlyList<ShardProgress> shards, CancellationToken cancel)
    {
        List<LogRecord>? records = null;
        // What became of an append that failed stands on the log; said again with another end, it would be left out and
        // never said. The same happens to the first one of this process, if the process before it says something last.
        foreach (var shard in shards)
        {
            if (shard.IsAnnouncementUnsure) shard.Announced =
                await LastAsync(shard.Shard, shard.Announced.Source, cancel);
            var (watermark, announced) = (shard.Watermark, shard.Announced);
            if (watermark.Seq <= announced.ThroughSeq) continue;
            var data = JsonSerializer.SerializeToUtf8Bytes(
                new ViewUpdated(
                    shard.Shard, announced.ThroughSeq + 1, watermark.Seq, watermark.TimeUs, ledger.InstallationEpoch),
                ProjectionJson.Default.ViewUpdated);
            (records ??= []).Add(new LogRecord(
                announcement.Topic, shard.Shard, 0, announced.Source.Name, announced.Source.Head + 1,
                Guid.Empty, announcement.Type.Name(), Guid.Empty, 0, time.NowUs(), data));
        }

        foreach (var shard in shards) shard.IsAnnouncementUnsure = records is not null;
        if (records is null) return;
        await log.AppendAsync(records, cancel);
        var sequences = records.ToDictionary(record => record.Partition, record => record.SourceSeq);
        foreach (var shard in shards)
        {
            shard.IsAnnouncementUnsure = false;
            if (!sequences.TryGetValue(shard.Shard, out var sequence)) continue;
            shard.Announced = (shard.Watermark.Seq, shard.Announced.Source with { Head = sequence });
            (shard.IsAnnouncementUnsure, shard.IsAnnouncementFirst) = (shard.IsAnnouncementFirst, false);
        }
    }

    private bool IsOurs(LogRecord record) =>
        SourceName.Parse(record.Source) is { } name && name.Producer == _producer;

    // Null: somebody else wrote it.
    private static ViewUpdated? Parse(LogRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Data.Span, ProjectionJson.Default.ViewUpdated);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
