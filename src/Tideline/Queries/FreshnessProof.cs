namespace Tideline.Queries;

/// <summary>
/// The least that a document contains if it is read from the views after this was taken: everything committed until
/// <paramref name="AsOfUs"/>, and every event up to a position of each shard. Valid for customers without an event
/// among the dead letters.
/// </summary>
internal readonly record struct FreshnessProof(long AsOfUs, long[] Positions)
{
    /// <summary>The maximum age of a document read with this proof, milliseconds.</summary>
    public double StalenessMs(long nowUs) => (nowUs - AsOfUs) / 1_000.0;

    /// <summary>
    /// Whether it proves, without a ledger read, that a document is as fresh as requested. A bound of 0 requires
    /// everything that is committed, which only the ledger or a view without lag knows. A horizon in the future proves
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
