using System.Collections.Concurrent;
using Tideline.Ledger.Installation;

namespace Tideline.Log;

/// <summary>A gapless sequence that a shard writes to the log.</summary>
public enum ShardStream
{
    /// <summary>Events, on <see cref="Topics.AccountEvents"/>.</summary>
    Events,

    /// <summary>Messages of sagas, on <see cref="Topics.SagaCommands"/>.</summary>
    Messages,

    /// <summary>Heads of audit blocks, on <see cref="Topics.AuditHeads"/>.</summary>
    Blocks,
}

/// <summary>
/// Which records of the log belong to the ledger's history. A restore to an older copy leaves records on a log that was
/// not restored with it: they tell of a future that never happened, and are passed over by every reader.
/// </summary>
/// <param name="epochs">The epochs of each shard, oldest first: <see cref="Ledger.GeneralLedger.Epochs"/>.</param>
public sealed class SourceHistory(Func<int, IReadOnlyList<EpochRow>> epochs)
{
    // Asked for each record, and the same for all of a source: parsed once. Bounded, because others may write to a log.
    private const int KeptSources = 4_096;
    private readonly ConcurrentDictionary<(ShardStream, string), long> _limits = new();
    private readonly ConcurrentDictionary<(ShardStream, int), Named[]> _names = new();

    /// <summary>
    /// The source under which a shard appends what has a number: that of the epoch in which it was written, and of its
    /// own after what neither log nor ledger has any more.
    /// </summary>
    public string Of(ShardStream stream, int shard, long seq, long lostThrough = 0)
    {
        var name = Find(stream, shard, seq);
        return name.After >= lostThrough
            ? name.Name
            : new SourceName(ProducerOf(stream), shard, name.Epoch, lostThrough).ToString();
    }

    /// <summary>
    /// The source under which a part of the program appends in the present epoch what the ledger has no numbers for. A
    /// new one counts on from the time at which it begins, microseconds: a log that was lost gives no number again.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="topic">The topic that it appends to.</param>
    /// <param name="producer">The part of the program.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="nowUs">The time of the shard's clock, at which a new source begins.</param>
    /// <param name="chosen">
    /// What this process chose before: while the log has no source of the epoch, it stays, because an append whose
    /// outcome is not known may still arrive.
    /// </param>
    /// <param name="cancel">Stops the search.</param>
    internal async ValueTask<CountedSource> FindCountedAsync(
        ILog log, string topic, string producer, int shard, long nowUs, CountedSource chosen, CancellationToken cancel)
    {
        var epoch = epochs(shard) is { Count: > 0 } rows ? rows[^1].Number : 1;
        var names = await NamesOnAsync(log, topic, producer, shard, cancel);
        if (names.Where(name => name.Epoch == epoch).Select(name => (long?)name.After).Max() is not { } after)
        {
            if (chosen.Name is not null && SourceName.Parse(chosen.Name) is { } before && before.Epoch == epoch)
                return chosen;
            return new CountedSource(
                new SourceName(producer, shard, epoch, nowUs).ToString(), nowUs, IsFirst: names.Count == 0);
        }

        var source = new SourceName(producer, shard, epoch, after).ToString();
        return new CountedSource(source, await log.GetSourceHeadAsync(topic, source, cancel), IsFirst: false);
    }

    /// <summary>
    /// The source of what has a number as it is named outside the program: <see cref="PublishedSources"/>.
    /// </summary>
    public string PublishedOf(ShardStream stream, int shard, long seq) => Find(stream, shard, seq).Published;

    /// <summary>
    /// Up to which number all of a shard's history stands on a topic. What an epoch had not carried there when the next
    /// one began is carried later.
    /// </summary>
    internal async ValueTask<SourceHead> HeadAsync(
        ILog log, string topic, ShardStream stream, int shard, CancellationToken cancel)
    {
        // Only messages can be lost: the ledger forgets them once they are on the log.
        var losses = stream == ShardStream.Messages
            ? await NamesOnAsync(log, topic, ProducerOf(stream), shard, cancel)
            : [];
        var limit = long.MaxValue;
        foreach (var name in NamesOf(stream, shard).Reverse())
        {
            var begins = losses.Where(loss => loss.Epoch == name.Epoch && loss.After > name.After)
                .Select(loss => loss.After).OrderDescending().Append(name.After);
            foreach (var after in begins)
            {
                var source = new SourceName(ProducerOf(stream), shard, name.Epoch, after).ToString();
                var head = Math.Min(limit, await log.GetSourceHeadAsync(topic, source, cancel));
                if (head > after) return new SourceHead(head, after == name.After ? 0 : after);
            }

            limit = Math.Min(limit, name.After);
        }

        return default;
    }

    /// <summary>Whether a record was appended in the present epoch, or before a later one began.</summary>
    public bool Holds(ShardStream stream, string source, long seq) =>
        SourceName.Parse(source) is { } name && name.Producer == ProducerOf(stream)
            && !IsLeftBehind(stream, source, seq);

    /// <summary>
    /// Whether a source of events is of an epoch after the present one: the ledger was there, and is not any more.
    /// </summary>
    public bool IsLater(string source) =>
        SourceName.Parse(source) is { } name && name.Producer == ProducerOf(ShardStream.Events)
        && epochs(name.Shard) is { Count: > 0 } rows && name.Epoch > rows[^1].Number;

    /// <summary>Whether a record tells of a future that a restore took back.</summary>
    public bool IsLeftBehind(ShardStream stream, string source, long seq)
    {
        if (_limits.TryGetValue((stream, source), out var limit)) return seq > limit;
        limit = LimitOf(stream, source);
        if (_limits.Count < KeptSources) _limits[(stream, source)] = limit;
        return seq > limit;
    }

    /// <summary>
    /// Up to which number what was said of a shard in an epoch still holds; 0 for an epoch that is none of this
    /// ledger's: it began in another life of the same backup.
    /// </summary>
    public long LimitOf(ShardStream stream, int shard, long saidIn)
    {
        var (limit, isKnown) = (long.MaxValue, false);
        foreach (var epoch in epochs(shard))
        {
            isKnown |= epoch.Number == saidIn;
            if (epoch.Number > saidIn) limit = Math.Min(limit, After(epoch, stream));
        }

        return isKnown ? limit : 0;
    }

    /// <summary>The epoch in which a shard wrote what has a number.</summary>
    public long EpochOf(ShardStream stream, int shard, long seq)
    {
        var rows = epochs(shard);
        var index = rows.Count - 1;
        while (index > 0 && After(rows[index], stream) >= seq) index--;
        return rows[index].Number;
    }

    private static async ValueTask<IReadOnlyList<SourceName>> NamesOnAsync(
        ILog log, string topic, string producer, int shard, CancellationToken cancel) =>
    [
        .. (await log.GetSourcesAsync(topic, $"{producer}-{shard}", cancel)).Select(SourceName.Parse)
            .OfType<SourceName>().Where(name => name.Producer == producer && name.Shard == shard),
    ];

    private long LimitOf(ShardStream stream, string source) =>
        SourceName.Parse(source) is { } name && name.Producer == ProducerOf(stream)
            ? LimitOf(stream, name.Shard, name.Epoch)
            : long.MaxValue;

    private Named Find(ShardStream stream, int shard, long seq)
    {
        var names = NamesOf(stream, shard);
        var index = names.Length - 1;
        while (index > 0 && names[index].After >= seq) index--;
        return names[index];
    }

    private Named[] NamesOf(ShardStream stream, int shard) => _names.GetOrAdd(
        (stream, shard),
        static (key, epochs) =>
        [
            .. epochs(key.Item2).Select(epoch =>
            {
                var after = After(epoch, key.Item1);
                var name = new SourceName(ProducerOf(key.Item1), key.Item2, epoch.Number, after).ToString();
                return new Named(epoch.Number, after, name, new PublishedSources(epoch.Installation).Of(name));
            }),
        ],
        epochs);

    // Each stream counts by itself, so each is a source of its own.
    private static string ProducerOf(ShardStream stream) => stream switch
    {
        ShardStream.Events => "shard",
        ShardStream.Messages => "saga",
        _ => "audit",
    };

    private static long After(EpochRow epoch, ShardStream stream) => stream switch
    {
        ShardStream.Events => epoch.EventSeq,
        ShardStream.Messages => epoch.MessageSeq,
        _ => epoch.BlockNumber,
    };

    private sealed record Named(long Epoch, long After, string Name, string Published);
}
