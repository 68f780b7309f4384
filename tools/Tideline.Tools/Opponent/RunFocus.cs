using Tideline.Tools.Load;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Opponent;

/// <summary>What a run does far more of than others: half of the runs have one, so that what is rare is met.</summary>
internal enum RunFocus
{
    /// <summary>A bit of everything.</summary>
    None,

    /// <summary>Transfers and transactions across shards, and what is done to their accounts meanwhile.</summary>
    Crossing,

    /// <summary>Holds, their captures, releases and expiry.</summary>
    Holds,

    /// <summary>Reads of what was just written, while the views are behind.</summary>
    Freshness,

    /// <summary>Shards that change their owner.</summary>
    Takeovers,

    /// <summary>Log and views that are lost, in part or whole.</summary>
    Losses,

    /// <summary>Few operations, and then a shard that loses its newest events.</summary>
    Tails,

    /// <summary>Damaged documents, and the dead letters of their events.</summary>
    Letters,

    /// <summary>Rebuilds and repairs under traffic.</summary>
    Rebuilds,

    /// <summary>Calls to engines that fail or are done twice, far more often.</summary>
    Calls,

    /// <summary>Outages of the log while sagas are under way, longer than their deadlines.</summary>
    Deadlines,
}

/// <summary>What each focus makes of a plan.</summary>
internal static class RunFocuses
{
    /// <summary>The number of them, <see cref="RunFocus.None"/> included.</summary>
    public static int Count { get; } = Enum.GetValues<RunFocus>().Length;

    /// <summary>The plan with its focus.</summary>
    public static RunPlan Apply(RunPlan plan, RunFocus focus, SeededRandom random)
    {
        var focused = plan with { Focus = focus };
        return focus switch
        {
            RunFocus.None => focused,
            RunFocus.Crossing => focused with
            {
                Shards = Math.Max(2, plan.Shards),
                BesidePercent = 80,
                FollowPercent = 60,
                PayAllPercent = 60,
                Accounts = 5,
                Faults = (plan.Faults | FaultKinds.Slow) & ~(FaultKinds.Losses | FaultKinds.Damage),
                Often = [Move.Transfer, Move.Transfer, Move.Journal],
            },
            RunFocus.Holds => focused with { Accounts = 4, Often = [Move.PlaceHold, Move.EndHold, Move.EndHold] },
            RunFocus.Freshness => focused with
            {
                FollowPercent = 90,
                Accounts = 4,
                DisturbMs = 1_500,
                Mostly = FaultKinds.Outages,
                Clients = 1 + random.Below(4),
                ThinkUs = 800_000,
                Faults = (plan.Faults | FaultKinds.Outages | FaultKinds.Slow) & ~FaultKinds.Losses,
                Often = [Move.Deposit, Move.Read],
            },
            RunFocus.Rebuilds => focused with
            {
                OperatorPercent = 25,
                FollowPercent = 90,
                ThinkUs = 100_000,
                Clients = 5 + random.Below(4),
                Faults = (plan.Faults | FaultKinds.Slow) & ~FaultKinds.Losses,
            },
            _ => Disturb(focused, random),
        };
    }

    // Those that are about what goes wrong.
    private static RunPlan Disturb(RunPlan plan, SeededRandom random) => plan.Focus switch
    {
        RunFocus.Takeovers => Several(plan, random) with
        {
            OperatorPercent = 12,
            DisturbMs = 1_500,
            Mostly = FaultKinds.Pauses,
            Faults = (plan.Faults | FaultKinds.Kills | FaultKinds.Pauses) & ~FaultKinds.Losses,
        },
        RunFocus.Losses => plan with
        {
            Shards = Math.Max(2, plan.Shards),
            DisturbMs = 2_500,
            Often = random.Percent(60) ? [Move.Transfer, Move.Transfer, Move.Journal]
                : [Move.Deposit, Move.Read, Move.Read],
            Faults = plan.Faults | FaultKinds.Losses | FaultKinds.Kills,
        },
        RunFocus.Tails => (random.Percent(60) ? Several(plan, random) : plan) with
        {
            Operations = Math.Min(plan.Operations, 60),
            Faults = (plan.Faults | FaultKinds.Tails) & ~(FaultKinds.Restores | FaultKinds.Damage),
        },
        RunFocus.Letters => plan with
        {
            FaultRate = 8,
            DisturbMs = 800,
            Mostly = FaultKinds.Damage,
            Accounts = 5,
            Faults = (plan.Faults | FaultKinds.Damage | FaultKinds.Refused) & ~FaultKinds.Losses,
        },
        RunFocus.Calls => plan with
        {
            FaultRate = 8,
            Shards = Math.Max(2, plan.Shards),
            Faults = plan.Faults | FaultKinds.Refused | FaultKinds.Unknown | FaultKinds.Repeated | FaultKinds.Slow,
            Often = [Move.Transfer, Move.Journal],
        },
        RunFocus.Deadlines => plan with
        {
            Shards = Math.Max(2, plan.Shards),
            LongPercent = 60,
            DisturbMs = 2_000,
            Mostly = FaultKinds.Outages,
            Faults = (plan.Faults | FaultKinds.Outages | FaultKinds.Slow)
                & ~(FaultKinds.Losses | FaultKinds.Damage | FaultKinds.Kills | FaultKinds.Clocks),
            Often = [Move.Transfer, Move.Journal],
        },
        _ => throw new ArgumentException($"Focus {plan.Focus} makes nothing of a plan."),
    };

    private static RunPlan Several(RunPlan plan, SeededRandom random) => plan.Nodes > 1 ? plan
        : plan with { Nodes = 2 + random.Below(2), Groups = 1 + random.Below(2) };
}
