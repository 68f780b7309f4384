using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>
/// Bugs of src/Tideline/Log. A saga message that is lost between ledger and handler is sent again by its saga's timer,
/// so a consumer that skips messages is only slow, and stands for no bug here.
/// </summary>
internal static class LogMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "relay-starts-from-the-ledger",
            File = "Log/Relay.cs",
            Find = """(lane.Seq, lane.Epoch) = (head.Seq, epoch);""",
            Replace = """
                (lane.Seq, lane.Epoch) = (
                            Planted.Is("relay-starts-from-the-ledger")
                                ? Math.Max(head.Seq, HeadOf(lane)) : head.Seq, epoch);
                """,
            What = "The relay starts after the newest event of the ledger, not after that of the log.",
            How = "A kill between a commit and its append, or a change of owners in between.",
            Laws = "I6 I7",
            IsFrequent = true,
        },
        new()
        {
            Name = "relay-lane-gives-up",
            File = "Log/Relay.cs",
            Find = """_time.GetElapsedTime(lane.FailedAt).TotalMilliseconds >= lane.RestMs""",
            Replace = """
                (!Planted.Is("relay-lane-gives-up")
                            && _time.GetElapsedTime(lane.FailedAt).TotalMilliseconds >= lane.RestMs)
                """,
            What = "What the log refused once is never appended again.",
            How = "The log refuses or does not answer an append.",
            Laws = "I6 I7",
            IsFrequent = true,
        },
        new()
        {
            Name = "messages-after-a-loss-wait",
            File = "Log/Relay.cs",
            Find = """if (first != lane.Seq + 1) lane.Seq = lane.LostThrough = first - 1;""",
            Replace = """
                if (first != lane.Seq + 1 && !Planted.Is("messages-after-a-loss-wait"))
                            lane.Seq = lane.LostThrough = first - 1;
                """,
            What = "Messages after those that the log has lost do not begin a new source, and the log refuses them.",
            How = "The log loses messages that the ledger has forgotten.",
            Laws = "I6",
            Focus = RunFocus.Losses,
        },
        new()
        {
            Name = "source-after-a-loss-forgotten",
            File = "Log/Relay.cs",
            Find = """lane.LostThrough = lane.KnownLost = head.LostThrough;""",
            Replace = """
                lane.LostThrough = lane.KnownLost = Planted.Is("source-after-a-loss-forgotten") ? 0 : head.LostThrough;
                """,
            What = "A relay that starts again forgets that its messages have a new source since a loss.",
            How = "The log loses messages, goes on, and the process starts again.",
            Laws = "I6",
            Focus = RunFocus.Losses,
        },
        new()
        {
            Name = "position-beyond-the-log",
            File = "Log/Consumer.cs",
            Find = """if (committed <= head) return committed;""",
            Replace = """if (committed <= head || Planted.Is("position-beyond-the-log")) return committed;""",
            What = "A consumer waits behind the end of a log that has become shorter.",
            How = "The log loses its tail, or all of it, and keeps the positions of its groups; then a restart.",
            Laws = "I6",
            Focus = RunFocus.Losses,
        },
        new()
        {
            Name = "taken-back-records-count",
            File = "Log/SourceHistory.cs",
            Find = """if (_limits.TryGetValue((stream, source), out var limit)) return seq > limit;""",
            Replace = """
                if (Kernel.Planted.Is("taken-back-records-count")) return false;
                        if (_limits.TryGetValue((stream, source), out var limit)) return seq > limit;
                """,
            What = "Records that a restore took back still count.",
            How = "The ledger is put back to an older copy and begins an epoch, while the log stays.",
            Laws = "I8 I12",
        },
    ];
}
