using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// A batch as the disk keeps it: whatever its writer does afterwards with the rows, their lists and their bytes does
/// not reach the disk.
/// </summary>
internal static class BatchCopy
{
    public static BatchWrites Of(BatchWrites writes)
    {
        var copy = new BatchWrites { TimeUs = writes.TimeUs, ForgetMessagesThrough = writes.ForgetMessagesThrough };
        foreach (var row in writes.NewAccounts) copy.NewAccounts.Add(row.Copy());
        foreach (var row in writes.ChangedAccounts) copy.ChangedAccounts.Add(row.Copy());
        foreach (var row in writes.NewCustomers)
            copy.NewCustomers.Add(row with { Profile = row.Profile with { Data = [.. row.Profile.Data] } });
        foreach (var row in writes.Transactions) copy.Transactions.Add(Of(row));
        copy.Entries.AddRange(writes.Entries);
        copy.Holds.AddRange(writes.Holds);
        copy.Outcomes.AddRange(writes.Outcomes);
        copy.KeysElsewhere.AddRange(writes.KeysElsewhere);
        foreach (var (key, row) in writes.Claims) copy.Claims.Add(key, row);
        foreach (var row in writes.NewAggregates) copy.NewAggregates.Add(row with { Data = [.. row.Data] });
        foreach (var row in writes.ChangedAggregates) copy.ChangedAggregates.Add(row with { Data = [.. row.Data] });
        foreach (var row in writes.Events) copy.Events.Add(row with { Data = row.Data.ToArray() });
        foreach (var row in writes.Messages) copy.Messages.Add(row with { Data = [.. row.Data] });
        foreach (var row in writes.Blocks)
            copy.Blocks.Add(row with { PreviousHash = [.. row.PreviousHash], Hash = [.. row.Hash] });
        return copy;
    }

    private static TransactionRow Of(TransactionRow row) => row with
    {
        Legs = row.Legs.ToArray(),
        Details = row.Details is not { } details ? null : details with
        {
            Metadata = details.Metadata is null ? null : new Dictionary<string, string>(details.Metadata),
            Personal = details.Personal is null ? null : [.. details.Personal],
        },
    };
}
