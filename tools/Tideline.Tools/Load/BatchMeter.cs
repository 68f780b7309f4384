using Tideline.Ledger;

namespace Tideline.Tools.Load;

/// <summary>How many transfers the commits of a ledger hold.</summary>
internal sealed class BatchMeter
{
    private long _commits;
    private long _transfers;

    public BatchMeter(GeneralLedger ledger) => ledger.Committed += writes =>
    {
        Interlocked.Increment(ref _commits);
        Interlocked.Add(ref _transfers, writes.Transactions.Count);
    };

    /// <summary>Transfers a commit since the last call, rounded; one at least.</summary>
    public int TakeMean()
    {
        var (commits, transfers) = (Interlocked.Exchange(ref _commits, 0), Interlocked.Exchange(ref _transfers, 0));
        return commits == 0 ? 1 : Math.Max(1, (int)Math.Round((double)transfers / commits));
    }
}
