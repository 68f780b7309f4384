using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Appends each record of a source once. One append:
/// <code>
///  1 know     where each of its sources stands: from the log itself, once for each producer
///  2 plan     what is not there yet; a source that skips refuses the whole append
///  3 send     in order, through one idempotent producer
///  4 land     every record is confirmed by all replicas that are in sync
/// </code>
/// One that is not confirmed in time stays with the producer. The same records again only wait for it, so nothing is
/// written twice by this process; what an earlier one, or another that takes itself for the owner of a shard, writes
/// twice, readers pass over (<see cref="PartitionHistory"/>).
/// </summary>
internal sealed class Appender(
    KafkaClients clients, PartitionTable partitions, RecordSeal seal, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(KafkaLimits.AppendMs);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Lock _making = new();
    private AppendSession? _session;

    /// <exception cref="TidelineException">Corrupt: a source skipped, or a partition lost records. InvalidInput.
    /// StorageUnavailable: how much was appended is not known.</exception>
    public async Task AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            Task landed;
            // Outside of the gate: a topic that cannot tell keeps nobody else from appending to another.
            var (session, places) = await KnowAsync(records, either.Token);
            await _gate.WaitAsync(either.Token);
            try
            {
                landed = await SendAsync(session, places, records, either.Token);
            }
            finally
            {
                _gate.Release();
            }

            // :: 4 land
            await landed.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new TidelineException(
                ErrorCode.StorageUnavailable, $"Kafka did not confirm {records.Count} records within "
                    + $"{KafkaLimits.AppendMs} ms. They may be on the log yet; to append them again is harmless.");
        }
    }

    /// <summary>Up to which sequence all of a source is on the log, from the log itself.</summary>
    public async Task<long> SourceHeadAsync(string topic, string source, CancellationToken cancel)
    {
        return await LearnAsync(Session(), topic, source, cancel);
    }

    /// <summary>The sources of a topic whose names begin so, from the log itself.</summary>
    public async Task<IReadOnlyList<string>> SourcesAsync(string topic, string prefix, CancellationToken cancel)
    {
        var all = await partitions.AllAsync(topic, cancel);
        await partitions.CatchUpAsync(all, cancel);
        // One that stopped may have more sources behind its stop.
        foreach (var partition in all) partition.ThrowIfStopped();
        return [.. all.SelectMany(partition => partition.SourcesOf(prefix)).Distinct(StringComparer.Ordinal)];
    }

    public void Dispose()
    {
        _session?.Dispose();
        _gate.Dispose();
    }

    // :: 1 know
    private async Task<(AppendSession Session, Dictionary<(string, int), Partition> Places)> KnowAsync(
        IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        var session = Session();
        var places = new Dictionary<(string, int), Partition>();
        foreach (var record in records)
        {
            if (record.Data.Length > KafkaLimits.RecordBytes)
                throw new TidelineException(ErrorCode.InvalidInput,
                    $"A record of {record.Data.Length} bytes is too large; the limit is {KafkaLimits.RecordBytes}.");
            if (!places.ContainsKey((record.Topic, record.Partition)))
            {
                var place = places[(record.Topic, record.Partition)] = await partitions.GetAsync(
                    record.Topic, record.Partition, cancel);
                place.ThrowIfStopped();
            }

            if (!session.Knows(record.Topic, record.Source))
                await LearnAsync(session, record.Topic, record.Source, cancel);
        }

        return (session, places);
    }

    private async Task<Task> SendAsync(
        AppendSession session, Dictionary<(string, int), Partition> places, IReadOnlyList<LogRecord> records,
            CancellationToken cancel)
    {
        // :: 2 plan
        var missing = session.Plan(records, out var skipped) ?? await PlanAgainAsync(session, records, skipped, cancel);

        // :: 3 send
        var before = missing.Count < records.Count ? session.AllLanded() : Task.CompletedTask;
        if (missing.Count == 0) return before;
        var flight = session.Begin();
        try
        {
            foreach (var record in missing)
            {
                if (session.Room() is { IsCompleted: false } room) await room.WaitAsync(cancel);
                session.Send(flight, record, places[(record.Topic, record.Partition)]);
            }
        }
        finally
        {
            session.Sent(flight);
        }

        return Task.WhenAll(before, flight.Landed);
    }

    // Somebody else may have appended for the source since this process asked: only the log itself can tell a loss.
    private async Task<List<LogRecord>> PlanAgainAsync(
        AppendSession session, IReadOnlyList<LogRecord> records, string skipped, CancellationToken cancel)
    {
        foreach (var (topic, source) in records.Select(record => (record.Topic, record.Source)).Distinct())
            await LearnAsync(session, topic, source, cancel);
        return session.Plan(records, out skipped) ?? throw new TidelineException(ErrorCode.Corrupt, skipped);
    }

    private async Task<long> LearnAsync(AppendSession session, string topic, string source, CancellationToken cancel)
    {
        var all = await partitions.AllAsync(topic, cancel);
        await partitions.CatchUpAsync(all, cancel);
        foreach (var stopped in all.Where(partition => partition.IsStopped && partition.SourceTail(source).Last > 0))
            stopped.ThrowIfStopped();
        return session.Learn(topic, source, all);
    }

    private AppendSession Session()
    {
        lock (_making)
        {
            if (_session is { HasEnded: false }) return _session;
            _session?.Dispose();
            return _session = new AppendSession(clients.Producer(messageTimeoutMs: 0), seal, logger);
        }
    }
}
