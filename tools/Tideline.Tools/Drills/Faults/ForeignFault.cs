using Confluent.Kafka;
using StackExchange.Redis;
using Tideline.Node;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills.Faults;

/// <summary>A foreign client writes to the topics and into the cache.</summary>
internal sealed class ForeignFault(ClusterOptions? cluster)
    : DrilledFault("foreign", "a foreign client writes to the topics and flips bits in the cache")
{
    private const int Rounds = 5, RoundMs = 300, ReadMs = 2_000, MostKeys = 1_000, CacheReads = 4;
    private readonly Dictionary<TopicPartition, int> _written = [];

    public override string? WhyNot(RunningBank bank) =>
        cluster is null ? "nobody else can write to the topics of the data folder" : null;

    public override async Task StrikeAsync(DrillScene scene, CancellationToken cancel)
    {
        scene.Log.AreTopicsTouched = true;
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(
            new ProducerConfig { BootstrapServers = cluster!.Kafka }).Build();
        using var admin = Admin();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var partition in Partitions(admin))
            {
                var garbage = await Task.Run(() => Garbage(scene.Random, partition).ToList(), cancel);
                foreach (var message in garbage)
                {
                    await producer.ProduceAsync(partition, message, cancel);
                    _written[partition] = _written.GetValueOrDefault(partition) + 1;
                }
            }

            scene.Log.Note($"a foreign client wrote to {_written.Count} partitions");
            if (cluster.Redis is { } redis)
                scene.Log.Note($"a bit of each of {await FlipCacheAsync(redis, scene)} values in the cache is flipped");
            await Task.Delay(RoundMs, cancel);
        }
    }

    // Its records are named. As documented, an operator deletes them, and the topics that are kept for ever as a whole.
    public override async Task MendAsync(DrillScene scene, CancellationToken cancel)
    {
        await scene.RequireFoundAsync("a foreign client wrote to the topics", "did not write");
        using var admin = Admin();
        var kept = _written.Keys.Select(each => each.Topic).Distinct().Where(IsKeptForEver).ToList();
        await scene.Bank.StopAllAsync();
        await admin.DeleteRecordsAsync(_written.Keys.Where(partition => !IsKeptForEver(partition.Topic))
            .Select(partition => new TopicPartitionOffset(partition, Offset.End)));
        await admin.DeleteTopicsAsync(kept);
        _written.Clear();
        await scene.Bank.StartAllAsync(cancel);
    }

    // Nothing changes meanwhile: what the cache says must not change either.
    public override async Task InspectAsync(DrillScene scene, CancellationToken cancel)
    {
        if (cluster!.Redis is not { } redis) return;
        var hits = 0;
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var customer in scene.Clients.Known.Customers)
            {
                var before = await ReadAsync(scene, customer);
                await FlipCacheAsync(redis, scene);
                var after = await ReadAsync(scene, customer);
                if (after.ServedBy == "cache") hits++;
                if (after.Status != before.Status || after.Json != before.Json)
                    scene.Violations.Add(
                        "I10", $"A bit in the cache is flipped, and customer {customer} is shown as {after.Json} by "
                            + $"{after.ServedBy}, not as {before.Json}");
            }
        }

        scene.Log.Note($"bits in the cache were flipped before {hits} reads from it");
    }

    private static async Task<Opponent.Operation> ReadAsync(DrillScene scene, Guid customer)
    {
        Opponent.Operation read;
        var reads = 0;
        do read = await scene.Clients.AskQuietlyAsync(0, "GET", $"/v1/customers/{customer}");
        while (read.ServedBy != "cache" && ++reads < CacheReads);
        return read;
    }

    private static bool IsKeptForEver(string topic) => topic.EndsWith("audit.heads", StringComparison.Ordinal)
        || topic.EndsWith(".dlq", StringComparison.Ordinal);

    // Bytes of no meaning, a tombstone, and the newest record again: with its seal, and with its value changed.
    private IEnumerable<Message<byte[]?, byte[]?>> Garbage(SeededRandom random, TopicPartition partition)
    {
        var bytes = new byte[1 + random.Below(2_000)];
        for (var at = 0; at < bytes.Length; at++) bytes[at] = (byte)random.Below(256);
        yield return new Message<byte[]?, byte[]?> { Key = bytes[..1], Value = bytes };
        yield return new Message<byte[]?, byte[]?> { Key = bytes, Value = null };
        if (Newest(partition) is not { } newest) yield break;
        yield return newest.Message;
        var changed = (byte[])(newest.Message.Value ?? []).Clone();
        if (changed.Length > 0) changed[random.Below(changed.Length)] ^= 1;
        yield return new Message<byte[]?, byte[]?>
        {
            Key = newest.Message.Key, Value = changed, Headers = newest.Message.Headers,
        };
    }

    private ConsumeResult<byte[]?, byte[]?>? Newest(TopicPartition partition)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = cluster!.Kafka, GroupId = "foreign", EnableAutoCommit = false,
        }).Build();
        var marks = consumer.QueryWatermarkOffsets(partition, TimeSpan.FromMilliseconds(ReadMs));
        if (marks.High.Value <= marks.Low.Value) return null;
        var back = Math.Max(marks.Low.Value, marks.High.Value - 10);
        consumer.Assign(new TopicPartitionOffset(partition, back));
        ConsumeResult<byte[]?, byte[]?>? sealedOne = null;
        for (var read = back; read < marks.High.Value; read++)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(ReadMs)) is not { } record) break;
            if (record.Message.Headers?.Any(header => header.Key == "tideline-seal") == true) sealedOne = record;
        }

        return sealedOne;
    }

    private async Task<int> FlipCacheAsync(string redis, DrillScene scene)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis},abortConnect=false");
        var database = connection.GetDatabase();
        var keys = connection.GetServers()[0].Keys(pattern: $"*{cluster!.Name}*", pageSize: MostKeys).Take(MostKeys);
        var flipped = 0;
        foreach (var key in keys.ToList())
        {
            if (await database.KeyTypeAsync(key) != RedisType.String) continue;
            var length = await database.StringLengthAsync(key);
            if (length == 0) continue;
            var bit = scene.Random.Below((int)length * 8);
            await database.StringSetBitAsync(key, bit, !await database.StringGetBitAsync(key, bit));
            flipped++;
        }

        return flipped;
    }

    private List<TopicPartition> Partitions(IAdminClient admin) =>
    [
        .. admin.GetMetadata(TimeSpan.FromMilliseconds(ReadMs)).Topics
            .Where(topic => topic.Topic.StartsWith($"{cluster!.Name}.", StringComparison.Ordinal)
                && !topic.Topic.EndsWith("tideline.state", StringComparison.Ordinal))
            .SelectMany(topic => topic.Partitions.Select(each => new TopicPartition(topic.Topic, each.PartitionId))),
    ];

    private IAdminClient Admin() =>
        new AdminClientBuilder(new AdminClientConfig { BootstrapServers = cluster!.Kafka }).Build();
}
