using CsCheck;
using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Log;

/// <summary>
/// What readers make of a partition, without brokers: repeats, losses and gaps of every kind that writers can cause.
/// </summary>
public sealed class KafkaHistoryTests
{
    [Fact]
    public void Hidden_offsets_give_every_record_its_number_and_back() => Gen.Bool.Array[1, 200].Sample(hidden =>
    {
        var offsets = new HiddenOffsets();
        for (var offset = 0; offset < hidden.Length; offset++)
        {
            if (hidden[offset]) offsets.Add(offset, 1);
        }

        Check(offsets, hidden, from: 0);
        Check(new HiddenOffsets(offsets.Pairs), hidden, from: 0);
        // What was dropped is forgotten, and what follows keeps its number.
        var dropped = hidden.Length / 2;
        offsets.Forget(dropped);
        Check(offsets, hidden, dropped);
        Check(new HiddenOffsets(offsets.Pairs), hidden, dropped);
    });

    [Fact]
    public void A_repeat_is_hidden_and_a_loss_is_found()
    {
        var history = new PartitionHistory(0);
        history.Take(new RecordStamp("s", 1, 0, 0)).ShouldBeTrue();
        history.Take(new RecordStamp("s", 2, 1, 1)).ShouldBeTrue();
        history.Take(new RecordStamp("s", 1, 0, 0)).ShouldBeFalse();
        history.Take(null).ShouldBeFalse();
        history.Take(new RecordStamp("other", 7, 0, 6)).ShouldBeTrue();
        history.Hidden.RecordsBefore(history.Position).ShouldBe(3);
        Should.Throw<TidelineException>(() => history.Take(new RecordStamp("s", 4, 3, 3)))
            .Code.ShouldBe(ErrorCode.Corrupt);
        Should.Throw<TidelineException>(() => history.Take(new RecordStamp("new", 2, 1, 1)))
            .Code.ShouldBe(ErrorCode.Corrupt);
        history.Position.ShouldBe(5);
    }

    [Fact]
    public void What_retention_took_unseen_is_no_loss_but_what_comes_after_is()
    {
        var history = new PartitionHistory(100);
        history.Take(new RecordStamp("s", 51, 50, 50)).ShouldBeTrue();
        Should.Throw<TidelineException>(() => history.Take(new RecordStamp("s", 53, 52, 52)))
            .Code.ShouldBe(ErrorCode.Corrupt);
        history.SkipTo(200);
        history.Take(new RecordStamp("s", 90, 89, 89)).ShouldBeTrue();
        Should.Throw<TidelineException>(() => history.Take(new RecordStamp("s", 92, 91, 91)))
            .Code.ShouldBe(ErrorCode.Corrupt);
    }

    [Fact]
    public void A_kept_history_goes_on_as_the_one_it_was_kept_of()
    {
        var history = new PartitionHistory(0);
        foreach (var seq in new[] { 1, 2, 2, 5, 6 })
            history.Take(new RecordStamp("s", seq, seq == 5 ? 2 : seq - 1, seq == 5 ? 3 : seq - 1));
        var copy = new PartitionHistory(history.Keep("t", 0, "id"));
        copy.Position.ShouldBe(history.Position);
        copy.Hidden.Pairs.ShouldBe([2, 1]);
        copy.Sources["s"].Last.ShouldBe(6);
        copy.Sources["s"].Through.ShouldBe(history.Sources["s"].Through);
        copy.Take(new RecordStamp("s", 6, 5, 5)).ShouldBeFalse();
        copy.Take(new RecordStamp("s", 7, 6, 6)).ShouldBeTrue();
    }

    /// <summary>
    /// Writers of one source that die in the middle: of what each sent, a part of its own arrived on each partition,
    /// and the rest may arrive later, behind what its successor wrote. Whatever the order, no reader finds a loss, none
    /// sees a record twice, and the head is the end of what is there without a gap.
    /// </summary>
    [Fact]
    public void No_crash_and_no_latecomer_makes_a_gap_or_a_repeat() =>
        Gen.Select(Gen.Int[1, 3], Gen.Select(Gen.Int[1, 12], Gen.Int[0, 100], Gen.Bool).Array[1, 12],
            Gen.Int[0, 1_000_000]).Sample((partitions, lives, seed) =>
        {
            var random = new Random(seed);
            var place = Enumerable.Range(0, 200).Select(_ => random.Next(partitions)).ToArray();
            var logs = Enumerable.Range(0, partitions).Select(_ => new List<RecordStamp>()).ToArray();
            var late = new List<(int Partition, List<RecordStamp> Stamps)>();
            foreach (var (count, cut, comesLate) in lives)
            {
                var writer = Successor(logs);
                var sent = Enumerable.Range(0, partitions).Select(_ => new List<RecordStamp>()).ToArray();
                for (var number = 0; number < count; number++)
                {
                    var seq = writer.Sent + 1;
                    if (writer.Has(seq)) writer.Pass(seq);
                    else sent[place[seq]].Add(writer.Send(seq, place[seq]));
                }

                // An earlier writer's requests arrive after this one has looked: before its own, or behind them.
                var (first, then) = random.Next(2) == 0
                    ? (late, [])
                    : (new List<(int Partition, List<RecordStamp> Stamps)>(), late);
                late = [];
                foreach (var (partition, stamps) in first) logs[partition].AddRange(stamps);
                for (var partition = 0; partition < partitions; partition++)
                {
                    var arrived = (sent[partition].Count * cut + random.Next(100)) / 100;
                    arrived = Math.Min(arrived, sent[partition].Count);
                    logs[partition].AddRange(sent[partition][..arrived]);
                    if (comesLate) late.Add((partition, sent[partition][arrived..]));
                }

                foreach (var (partition, stamps) in then) logs[partition].AddRange(stamps);
            }

            var seen = new HashSet<long>();
            foreach (var log in logs)
            {
                var read = Read(log, out _);
                read.ShouldBe(read.Order().Distinct());
                seen.UnionWith(read);
            }

            var head = 0L;
            while (seen.Contains(head + 1)) head++;
            Successor(logs).Settled.ShouldBe(head);
        });

    private static SourceProgress Successor(List<RecordStamp>[] logs)
    {
        var progress = new SourceProgress("s");
        progress.Learn(logs.Select((log, number) =>
        {
            Read(log, out var history);
            var tail = history.Sources.GetValueOrDefault("s") ?? new SourceTail();
            return (number, tail.Last, tail.Through, tail.Beyond.ToArray());
        }));
        return progress;
    }

    private static List<long> Read(List<RecordStamp> log, out PartitionHistory history)
    {
        history = new PartitionHistory(0);
        var read = new List<long>();
        foreach (var stamp in log)
        {
            if (history.Take(stamp)) read.Add(stamp.Seq);
        }

        return read;
    }

    private static void Check(HiddenOffsets offsets, bool[] hidden, int from)
    {
        var before = hidden.Take(from).Count(isHidden => !isHidden);
        for (var offset = from; offset < hidden.Length; offset++)
        {
            offsets.RecordsBefore(offset).ShouldBe(before);
            if (offset > from || from == 0) offsets.Contains(offset).ShouldBe(hidden[offset]);
            if (hidden[offset]) continue;
            before++;
            offsets.OffsetOf(before).ShouldBe(offset);
        }
    }
}
