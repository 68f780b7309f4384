using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

/// <summary>
/// A relay and a reader on one log: appends small batches to two partitions, again until each is confirmed, and follows
/// what comes.
/// </summary>
internal sealed class KafkaLoad(KafkaLog log) : IDisposable
{
    private const int Batch = 20;
    private readonly CancellationTokenSource _late = new(TimeSpan.FromMinutes(2));
    private long _confirmed;

    public long Confirmed => Interlocked.Read(ref _confirmed);

    /// <summary>What a partition must hold of the sequences up to <paramref name="last"/>.</summary>
    public static IEnumerable<long> Of(int partition, long last) =>
        Enumerable.Range(1, (int)last).Select(seq => (long)seq).Where(seq => seq % 2 == partition);

    /// <summary>Appends until so many records are confirmed.</summary>
    public Task AppendAsync(long until) => Task.Run(async () =>
    {
        while (Confirmed < until)
        {
            var from = Confirmed + 1;
            LogRecord[] records = [.. Enumerable.Range(0, Batch)
                .Select(number => KafkaTopics.Record("s", from + number, (int)((from + number) % 2)))];
            while (true)
            {
                try
                {
                    await log.AppendAsync(records, _late.Token);
                    break;
                }
                catch (TidelineException fault) when (fault.Code == ErrorCode.StorageUnavailable)
                {
                    // As the relay does: the same again, until it is there.
                    await Task.Delay(50, _late.Token);
                }
            }

            Interlocked.Add(ref _confirmed, Batch);
        }
    });

    /// <summary>Completes when so many records are confirmed.</summary>
    public async Task ConfirmedAsync(long count)
    {
        while (Confirmed < count) await Task.Delay(5, _late.Token);
    }

    /// <summary>Follows both partitions until all that was appended has come.</summary>
    public Task<List<long>[]> FollowAllAsync(long total) =>
        Task.WhenAll(FollowAsync(0, total), FollowAsync(1, total - 1));

    /// <summary>Whoever followed has seen every record once and in order, and the log knows of no other.</summary>
    public async Task EveryRecordCameOnceAsync(Task<List<long>[]> followers, long total)
    {
        var seen = await followers;
        for (var partition = 0; partition < 2; partition++)
        {
            seen[partition].ShouldBe(Of(partition, total));
            (await log.GetHeadAsync("t", partition, default)).ShouldBe(total / 2);
        }

        (await log.GetSourceHeadAsync("t", "s", default)).ShouldBe(total);
    }

    public void Dispose() => _late.Dispose();

    /// <summary>Follows a partition until it has seen a sequence, or one beyond.</summary>
    /// <returns>The sequences, in the order in which they came.</returns>
    private Task<List<long>> FollowAsync(int partition, long until) => Task.Run(async () =>
    {
        var seen = new List<long>();
        var offset = 0L;
        while (seen.Count == 0 || seen[^1] < until)
        {
            try
            {
                var read = await log.ReadAsync("t", partition, offset, 500, _late.Token);
                if (read.Count == 0)
                    await log.WaitAsync("t", partition, offset, TimeSpan.FromMilliseconds(500), _late.Token);
                foreach (var record in read)
                {
                    record.Offset.ShouldBe(++offset);
                    seen.Add(record.SourceSeq);
                }
            }
            catch (TidelineException fault) when (fault.Code == ErrorCode.StorageUnavailable)
            {
                await Task.Delay(50, _late.Token);
            }
        }

        return seen;
    });
}
