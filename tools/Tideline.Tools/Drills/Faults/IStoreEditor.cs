namespace Tideline.Tools.Drills.Faults;

/// <summary>Writes into the stores of both tiers past the program, as somebody with a database tool can.</summary>
internal interface IStoreEditor : IDisposable
{
    /// <summary>Whether the rows of the ledger can be edited only while no node runs.</summary>
    bool NeedsStop { get; }

    /// <summary>Changes a balance in a customer's document.</summary>
    Task EditDocumentAsync(Guid customer, CancellationToken cancel);

    /// <summary>Makes a customer's document unreadable.</summary>
    Task BreakDocumentAsync(Guid customer, CancellationToken cancel);

    /// <summary>Deletes a customer's document.</summary>
    Task DeleteDocumentAsync(Guid customer, CancellationToken cancel);

    /// <summary>Flips one bit of one number in a row of a table of a shard; again: flips it back.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="cell">The table, and the number.</param>
    /// <param name="row">What sorts the row; null: the newest.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>What sorts the row; null: there was none.</returns>
    Task<long?> FlipAsync(int shard, LedgerCell cell, long? row, CancellationToken cancel);
}

/// <summary>A column of a table of the ledger.</summary>
/// <param name="Table">The table.</param>
/// <param name="Column">A column with a number.</param>
/// <param name="Newest">What sorts the rows, the newest last.</param>
internal sealed record LedgerCell(string Table, string Column, string Newest)
{
    /// <summary>Columns that <c>verify</c> must watch over.</summary>
    public static IReadOnlyList<LedgerCell> All { get; } =
    [
        new("accounts", "balance", "created_us"), new("accounts", "pending_out", "created_us"),
        new("accounts", "version", "created_us"), new("entries", "amount", "time_us"),
        new("entries", "balance_after", "time_us"), new("events", "time_us", "event_seq"),
        new("events", "version", "event_seq"),
    ];

    public override string ToString() => $"{Table}.{Column}";
}
