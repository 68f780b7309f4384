namespace Tideline.Queries;

/// <summary>
/// What a document holds at least that was read from the views after this was taken: all that was committed until
/// <paramref name="AsOfUs"/>, and every event up to a position of each shard. True for customers of whom no event waits
/// among the dead letters.
/// </summary>
internal readonly record struct FreshnessProof(long AsOfUs, long[] Positions)
{
    /// <summary>How old a document may be that was read with it, milliseconds.</summary>
    public double StalenessMs(long nowUs) => (nowUs - AsOfUs) / 1_000.0;

    /// <summary>
    /// Whether it proves, without a look at the ledger, that a document is as fresh as asked. Bounded by 0 asks for all
    /// that is committed, which only the ledger or a view without lag knows. A horizon that is not over yet proves
    /// nothing: two clocks disagree.
    /// </summary>
    public bool Proves(ReadConsistency consistency, long nowUs)
    {
        if (AsOfUs > nowUs) return false;
        switch (consistency.Level)
        {
            case ConsistencyLevel.Eventual:
                return true;
            case ConsistencyLevel.Bounded:
                return StalenessMs(nowUs) < consistency.BoundMs;
            case ConsistencyLevel.Session:
                foreach (var position in consistency.Positions)
                {
                    if (position.Shard >= Positions.Length || Positions[position.Shard] < position.Seq) return false;
                }

                return true;
            default:
                return false;
        }
    }
}
