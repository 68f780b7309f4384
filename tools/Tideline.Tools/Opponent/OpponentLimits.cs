namespace Tideline.Tools.Opponent;

/// <summary>The limits of the opponent's load.</summary>
internal static class OpponentLimits
{
    /// <summary>The longest pause of a client between two operations, µs.</summary>
    public const int ThinkUs = 400_000;

    /// <summary>The bound of bounded reads.</summary>
    public const string Bound = "bounded=200";

    /// <summary>How long after a write a bounded read of it is sent, ms: a little later than its bound.</summary>
    public const int AfterBoundMs = 230;

    /// <summary>How near to its expiry a hold is captured or released often, µs.</summary>
    public const long NearExpiryUs = 250_000;

    /// <summary>How long after a request the one beside it is sent, at most, µs.</summary>
    public const int BesideUs = 30_000;

    /// <summary>The real time that one run may take, s; most take less than one.</summary>
    public const int RunSeconds = 120;

    /// <summary>How long a client waits for an answer, ms.</summary>
    public const int ClientPatienceMs = 8_000;

    /// <summary>How long the check of all laws by the product itself may take, ms.</summary>
    public const int CheckPatienceMs = 600_000;

    /// <summary>How long after its expiry a hold may still be open, µs.</summary>
    public const long ExpiryGraceUs = 30_000_000;

    /// <summary>How often a command without an answer is sent again at the end.</summary>
    public const int ResolveAttempts = 60;

    /// <summary>How long the installation may take to become quiet once nothing goes wrong any more, s.</summary>
    public const int QuietSeconds = 200;

    /// <summary>An outage that is longer than any deadline of a saga, ms.</summary>
    public const int LongOutageMs = 400_000;

    /// <summary>
    /// How long is read after the views were lost while nothing is written, µs: the loss is noticed within a second.
    /// </summary>
    public const int IdleAskUs = 2_500_000;

    /// <summary>How long a shard that lost its tail is asked, s.</summary>
    public const int LostTailSeconds = 12;

    /// <summary>How long log and views are away after nodes have closed a shard that lost its tail, ms.</summary>
    public const int ForgottenTailMs = 5_000;

    /// <summary>The pages of one walk through a list.</summary>
    public const int WalkPages = 40;

    /// <summary>How often the log is looked at until it is level with the ledger, every 100 ms.</summary>
    public const int LogAttempts = 100;

    /// <summary>When the backup is taken that some runs return to, at most, ms.</summary>
    public const int BackupMs = 12_000;

    /// <summary>The commands that are sent again after a restore.</summary>
    public const int SentAgain = 12;

    /// <summary>How long a disturbance waits for a message of a saga, ms.</summary>
    public const int AimMs = 400;

    /// <summary>Disturbances of one run, at most.</summary>
    public const int Disturbances = 64;

    /// <summary>Runs with which a failing history is shortened.</summary>
    public const int ShorteningRuns = 200;
}
