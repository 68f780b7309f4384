namespace Tideline.Tools.Opponent;

/// <summary>
/// What the clients alone can say of the order of events, where nobody looks into the stores: an event was durable when
/// the command that made it, or a read that showed it, had been answered, and it was not there before its command was
/// first sent.
/// </summary>
internal sealed class SeenOrder
{
    private readonly List<(long AtUs, int Shard, long Seq)> _durableBy = [];
    private readonly List<(long AtUs, int Shard, long Seq)> _notBefore = [];
    private readonly long[] _heads;

    /// <param name="model">The model of what happened.</param>
    /// <param name="operations">All operations.</param>
    /// <param name="heads">The newest event of each shard at the end.</param>
    public SeenOrder(BankModel model, IReadOnlyList<Operation> operations, long[] heads)
    {
        _heads = heads;
        foreach (var request in operations.Where(operation => operation.Key is not null)
            .GroupBy(operation => (operation.Key, operation.Method, operation.Target, operation.Body)))
        {
            var began = request.First();
            foreach (var answer in request.Where(each => each.Ending == Ending.Ok && each.Status != 202))
            {
                foreach (var fact in Effects.Of(model, began, answer))
                {
                    _durableBy.Add((answer.EndedUs, fact.Shard, fact.Seq));
                    _notBefore.Add((began.BeganUs, fact.Shard, fact.Seq));
                }
            }
        }

        foreach (var read in operations.Where(each => each is { Kind: OperationKind.ReadAccount, Status: 200 }))
        {
            if (model.Accounts.TryGetValue(read.Subject, out var account)
                && account.At(read.Answer.GetProperty("version").GetInt64()) is { } state)
                _durableBy.Add((read.EndedUs, account.Shard, state.Fact.Seq));
        }

        _durableBy.Sort();
        _notBefore.Sort();
    }

    /// <summary>Writes it into the operations and the log.</summary>
    public void Write(RunLog log)
    {
        foreach (var operation in log.Operations)
        {
            operation.HeadsBefore = DurableAt(operation.BeganUs);
            operation.HeadsAfter = PossibleAt(operation.EndedUs);
        }

        foreach (var atUs in _durableBy.Select(seen => seen.AtUs).Distinct()) log.NoteHeads(atUs, DurableAt(atUs + 1));
    }

    // The newest event of each shard that was surely durable before a time.
    private long[] DurableAt(long atUs)
    {
        var heads = new long[_heads.Length];
        foreach (var (seenUs, shard, seq) in _durableBy)
        {
            if (seenUs >= atUs) break;
            heads[shard] = Math.Max(heads[shard], seq);
        }

        return heads;
    }

    // The newest event of each shard that may have been durable at a time.
    private long[] PossibleAt(long atUs)
    {
        var heads = (long[])_heads.Clone();
        foreach (var (beganUs, shard, seq) in _notBefore)
            if (beganUs > atUs) heads[shard] = Math.Min(heads[shard], seq - 1);
        return heads;
    }
}
