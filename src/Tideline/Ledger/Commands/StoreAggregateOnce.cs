namespace Tideline.Ledger.Commands;

/// <summary>
/// Stores an aggregate that never changes, on shard 0; if there is one with its id, nothing changes. For what the whole
/// installation shares, such as a key.
/// </summary>
/// <param name="Id">The aggregate's id, derived by the program and on shard 0.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Data">Its data, base64.</param>
public sealed record StoreAggregateOnce(Guid Id, string Kind, string Data) : LedgerCommand
{
    public override Guid RouteId => Id;

    internal override Guid Subject => Id;

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Aggregates.Add(Id);

    internal override Reply Decide(Batch batch)
    {
        if (!batch.Rows.Aggregates.ContainsKey(Id))
            batch.Put(new AggregateRow(Id, Kind, 1, "stored", AtRest: true, null, Convert.FromBase64String(Data)));
        return batch.Done(Id, 0);
    }
}
