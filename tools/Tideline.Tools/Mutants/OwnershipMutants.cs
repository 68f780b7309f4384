using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Ledger: who owns a shard, and whether it is the one that was seen.</summary>
internal static class OwnershipMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "standby-is-not-checked",
            File = "Ledger/ShardOwnership.cs",
            Find = """if (await _findFault(cancel) is { } fault) Close(fault);""",
            Replace = """
                if (!Planted.Is("standby-is-not-checked")
                            && await _findFault(cancel) is { } fault) Close(fault);
                """,
            What = "A process that stands by for a shard answers reads of it although its tail is lost.",
            How = "The tail that was answered is lost, and the lease of a killed owner runs on.",
            Laws = "I3 model",
            IsFrequent = true,
            Focus = RunFocus.Tails,
        },
        new()
        {
            Name = "closed-shard-is-read-beside-an-owner",
            File = "Ledger/ShardOwnership.cs",
            Find = """=> _closed is not null ? WhyStopped""",
            Replace = """
                =>
                        !Planted.Is("closed-shard-is-read-beside-an-owner") && _closed is not null ? WhyStopped
                """,
            What = "A shard that was closed is read while another process seems to own it.",
            How = "The tail that was answered is lost in a cluster, and every process closes it.",
            Laws = "I3 model",
            Focus = RunFocus.Tails,
        },
        new()
        {
            Name = "reopened-unseen",
            File = "Ledger/ShardOwnership.cs",
            Find = """if (await HistoryCheck.CompareAsync(""",
            Replace = """
                if (!Planted.Is("reopened-unseen")
                            && await HistoryCheck.CompareAsync(
                """,
            What = "A shard that was closed is used again when no witness answers any more.",
            How = "The tail that was answered is lost, and the log goes away after a process has closed the shard and "
                + "while the lease of a killed owner runs on.",
            Laws = "I3 model",
            Focus = RunFocus.Tails,
            NotFoundYet = "Every witness must go away between the closing of the shard and the end of the lease of the "
                + "killed owner: 200 runs of its focus did not meet that. ClosedShardTests do.",
        },
        new()
        {
            Name = "live-after-stop",
            File = "Ledger/ShardOwnership.cs",
            Find = """Epoch != 0 && _writer is { Stopped.IsCompleted: false } writer""",
            Replace = """
                Epoch != 0 && _writer is { } writer
                        && (Planted.Is("live-after-stop") || !writer.Stopped.IsCompleted)
                """,
            What = "A process whose writer has stopped still believes that nobody else commits.",
            How = "A flush fails, another process takes over and commits, and the first one answers a strong list.",
            Laws = "I10",
            Focus = RunFocus.Takeovers,
            NotFoundYet = "The engines of several nodes are durable at commit, so no flush fails beside another "
                + "process.",
        },
        new()
        {
            Name = "lease-ignored",
            File = "Ledger/ShardOwnership.cs",
            Find = """NowUs - writer.Lease.OverdueUs""",
            Replace = """NowUs - (Planted.Is("lease-ignored") ? 0 : writer.Lease.OverdueUs)""",
            What = "An owner claims to know all commits of its shard although its lease has run out.",
            How = "The store is away for one process, and another takes its shard and commits; then a bounded read at "
                + "the first: the simulation found it.",
            Laws = "I10",
            Focus = RunFocus.Freshness,
            NotFoundYet = "The owner must lose sight of the store, another one take over and write, and the builder of "
                + "the views be behind, all at once: one in about a thousand runs. OwnedShardTests do it.",
        },
        new()
        {
            Name = "standby-claims-to-know-now",
            File = "Ledger/ShardOwnership.cs",
            Find = """: Interlocked.Read(ref _lookedUs);""",
            Replace = """: Planted.Is("standby-claims-to-know-now") ? NowUs : Interlocked.Read(ref _lookedUs);""",
            What = "A process that does not own a shard claims to know all its commits at any time.",
            How = "Two processes: the standby cannot ask the store for longer than the bound of a bounded read.",
            Laws = "I10",
            Focus = RunFocus.Freshness,
            NotFoundYet = "A standby must lose sight of the store for longer than a bound while the owner does "
                + "not, and be asked then.",
        },
        new()
        {
            Name = "standby-head-not-moved",
            File = "Ledger/ShardOwnership.cs",
            Find = """
                    Signal.Reach(head.EventSeq, head.MessageSeq, head.TimeUs);
                    // Times rise, so everything up to the head's time is known too.
            """,
            Replace = """
                    if (Epoch != 0 || !Planted.Is("standby-head-not-moved"))
                        Signal.Reach(head.EventSeq, head.MessageSeq, head.TimeUs);
                    // Times rise, so everything up to the head's time is known too.
            """,
            What = "A process that looks at the shard of another one does not keep what it saw.",
            How = "Two processes: a strong list, or a token of the owner, at the process that does not own the shard.",
            Laws = "I10 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "standby-ends-after-fault",
            File = "Ledger/ShardOwnership.cs",
            Find = """if (fault is TidelineException told) _why = told;""",
            Replace = """
                if (Planted.Is("standby-ends-after-fault")) return;
                                if (fault is TidelineException told) _why = told;
                """,
            What = "A standby process gives up when a shard is not free at its first try.",
            How = "Two processes: the owner is killed, and nobody takes its shard.",
            Laws = "I6",
            IsFrequent = true,
            Focus = RunFocus.Takeovers,
        },
        new()
        {
            Name = "epoch-never-changes",
            File = "Ledger/ShardOwnership.cs",
            Find = """Interlocked.Exchange(ref _epoch, head.Epoch);""",
            Replace = """Interlocked.Exchange(ref _epoch, Planted.Is("epoch-never-changes") ? 1 : head.Epoch);""",
            What = "Every ownership of a shard has the same epoch, so no part notices that it was lost in between.",
            How = "A process loses shard 0 to another one and gets it back before its parts look again.",
            Laws = "I8 I11",
            Focus = RunFocus.Takeovers,
        },
        new()
        {
            Name = "history-not-compared",
            File = "Ledger/Installation/HistoryCheck.cs",
            Find = """if (await witness.ReadAsync(shard, cancel) is not { } seen) return null;""",
            Replace = """
                if (Planted.Is("history-not-compared")
                            || await witness.ReadAsync(shard, cancel) is not { } seen) return null;
                """,
            What = "A shard is used without comparing it with log, views and manifest.",
            How = "The tail of a shard is lost after it was answered and relayed; the next owner builds on the rest.",
            Laws = "I3 I7 I8",
            IsFrequent = true,
            Focus = RunFocus.Tails,
        },
        new()
        {
            Name = "history-compared-by-number",
            File = "Ledger/Installation/HistoryCheck.cs",
            Find = """IsSame(seen, same[0])""",
            Replace = """(Planted.Is("history-compared-by-number") || IsSame(seen, same[0]))""",
            What = "A shard that has as many events as were seen counts as the one that was seen.",
            How = "A tail is lost while log and views are away, and as many events are committed before they answer.",
            Laws = "I3 I7",
            Focus = RunFocus.Tails,
            NotFoundYet = "The manifest beside each node has mostly seen the tail, too, and refuses the shard first.",
        },
    ];
}
