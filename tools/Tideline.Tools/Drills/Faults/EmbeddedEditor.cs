using System.Globalization;
using Tideline.Engines.Sqlite;

namespace Tideline.Tools.Drills.Faults;

/// <summary>Writes into the files of an embedded installation. Those of the ledger only while no node runs.</summary>
internal sealed class EmbeddedEditor(string dataFolder) : IStoreEditor
{
    public bool NeedsStop => true;

    // A digit before each balance: the JSON stays whole, unless the balance is below zero.
    public Task EditDocumentAsync(Guid customer, CancellationToken cancel) => EditAsync(
        customer, "UPDATE \"{0}\" SET json = CAST(replace(CAST(json AS TEXT), '\"postedMinor\":', '\"postedMinor\":1') "
            + "AS BLOB) WHERE id = '{1}'");

    public Task BreakDocumentAsync(Guid customer, CancellationToken cancel) => EditAsync(
        customer, "UPDATE \"{0}\" SET json = CAST(substr(CAST(json AS TEXT), 1, 40) AS BLOB) WHERE id = '{1}'");

    public Task DeleteDocumentAsync(Guid customer, CancellationToken cancel) =>
        EditAsync(customer, "DELETE FROM \"{0}\" WHERE id = '{1}'");

    public Task<long?> FlipAsync(int shard, LedgerCell cell, long? row, CancellationToken cancel)
    {
        using var file = SqliteDatabase.OpenWriter(
            Path.Combine(dataFolder, "ledger", $"shard-{shard}.db"));
        if (row is null)
        {
            var newest = file.Prepare($"SELECT max({cell.Newest}) FROM {cell.Table}");
            if (!newest.Step() || newest.IsNull(0)) return Task.FromResult<long?>(null);
            row = newest.Long(0);
            newest.Reset();
        }

        // SQLite has no exclusive or.
        file.Execute($"UPDATE {cell.Table} SET {cell.Column} = ({cell.Column} | 4) - ({cell.Column} & 4) "
            + string.Create(CultureInfo.InvariantCulture, $"WHERE {cell.Newest} = {row}"));
        return Task.FromResult(row);
    }

    public void Dispose()
    {
    }

    private Task EditAsync(Guid customer, string sql)
    {
        using var file = SqliteDatabase.OpenWriter(Path.Combine(dataFolder, "views", "views.db"));
        var state = file.Prepare(
            "SELECT json_extract(CAST(json AS TEXT), '$.collections.customers') FROM tl_states "
            + "WHERE name = 'customers.active'");
        state.Step();
        var table = $"c_{state.Text(0)}";
        state.Reset();
        file.Execute(string.Format(CultureInfo.InvariantCulture, sql, table, customer));
        return Task.CompletedTask;
    }
}
