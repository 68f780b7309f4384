namespace Tideline.Tools.Simulation.Faults;

/// <summary>
/// What the simulation does to a run. Each run has some of them, so that they do not hide one another.
/// </summary>
[Flags]
internal enum FaultKinds
{
    /// <summary>Nothing goes wrong.</summary>
    None = 0,

    /// <summary>Calls to engines take a while.</summary>
    Slow = 1,

    /// <summary>Calls to engines are refused, with nothing done.</summary>
    Refused = 1 << 1,

    /// <summary>Calls to engines are done and reported as failed.</summary>
    Unknown = 1 << 2,

    /// <summary>Calls to engines do not end for seconds.</summary>
    Hanging = 1 << 3,

    /// <summary>Appends are made twice, and commits must be decided again.</summary>
    Repeated = 1 << 4,

    /// <summary>Batches of the view store are written in part.</summary>
    Torn = 1 << 5,

    /// <summary>Engines are away for a while.</summary>
    Outages = 1 << 6,

    /// <summary>Processes are killed and started again.</summary>
    Kills = 1 << 7,

    /// <summary>Processes stand still for a while, longer than a lease.</summary>
    Pauses = 1 << 8,

    /// <summary>Clocks on the wall jump, both ways.</summary>
    Clocks = 1 << 9,

    /// <summary>Log and views lose what a failing machine may lose, or everything.</summary>
    Losses = 1 << 10,

    /// <summary>Calls between processes are lost, late or answered with a fault although they were done.</summary>
    Network = 1 << 11,

    /// <summary>At the end, a shard loses the newest of what it had acknowledged.</summary>
    Tails = 1 << 12,

    /// <summary>The clocks of the nodes differ all the time, by less than the program allows.</summary>
    Skew = 1 << 13,

    /// <summary>Somebody else damages, removes and edits documents of the views, which operators mend.</summary>
    Damage = 1 << 14,

    /// <summary>At the end, the ledger is put back to what it was, and begins an epoch.</summary>
    Restores = 1 << 15,

    /// <summary>All of them.</summary>
    All = (1 << 16) - 1,
}
