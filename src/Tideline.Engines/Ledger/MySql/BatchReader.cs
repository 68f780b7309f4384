using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>Begins a batch's transaction and reads the rows that it named, locked, in one round trip.</summary>
/// <param name="databaseOf">The database of another shard on the same primary.</param>
internal sealed class BatchReader(Func<int, string> databaseOf)
{
    private const string Locked = " FOR UPDATE;";
    private readonly SqlText _sql = new();

    /// <summary>The epoch row first: whoever holds its lock owns the shard until the transaction ends.</summary>
    /// <returns>The writer that the row names, its epoch, whether another process asks for the shard, and the rows.</returns>
    public (Guid Writer, long Epoch, bool IsWanted, BatchRows Rows) Read(MySqlConnection connection, BatchKeys keys)
    {
        _sql.Clear().Add("START TRANSACTION; SELECT writer, epoch, ").Add(MySqlRows.IsWanted).Add(" FROM head FOR UPDATE;");
        if (keys.Outcomes.Count > 0) In(MySqlRows.OutcomeColumns, "outcomes", "outcome_key", keys.Outcomes).Add(";");
        foreach (var (home, elsewhere) in keys.KeysElsewhere) In(MySqlRows.OutcomeColumns, $"{databaseOf(home)}.outcomes", "outcome_key", elsewhere).Add(";");
        if (keys.Accounts.Count > 0) In(MySqlRows.AccountColumns, "accounts", "id", keys.Accounts).Add(Locked);
        if (keys.Customers.Count > 0) In(MySqlRows.CustomerColumns, "customers", "id", keys.Customers).Add(Locked);
        if (keys.Holds.Count > 0) In(MySqlRows.HoldColumns, "holds", "id", keys.Holds).Add(Locked);
        if (keys.Sagas.Count > 0) In(MySqlRows.SagaColumns, "sagas", "id", keys.Sagas).Add(Locked);
        if (keys.Transactions.Count > 0) In("id", "transactions", "id", keys.Transactions).Add(";");
        if (keys.Claims.Count > 0) InNames(keys.Claims).Add(";");

        var rows = new BatchRows();
        using var command = new MySqlCommand(_sql.ToString(), connection) { CommandTimeout = Limits.StrongSilenceSeconds };
        using var reader = command.ExecuteReader();
        if (!reader.Read()) throw new TidelineException(ErrorCode.Corrupt, $"{connection.Database} has no head row.");
        var (writer, epoch, isWanted) = (reader.GetGuid(0), reader.GetInt64(1), reader.GetBoolean(2));
        if (keys.Outcomes.Count > 0) Each(reader, row => rows.Outcomes.Add(row.GetGuid(0), MySqlRows.Outcome(row)));
        foreach (var _ in keys.KeysElsewhere) Each(reader, row => rows.KeysElsewhere.Add(row.GetGuid(0), MySqlRows.Outcome(row)));
        if (keys.Accounts.Count > 0) Each(reader, row => rows.Accounts.Add(row.GetGuid(0), MySqlRows.Account(row)));
        if (keys.Customers.Count > 0) Each(reader, row => rows.Customers.Add(row.GetGuid(0), MySqlRows.Customer(row)));
        if (keys.Holds.Count > 0) Each(reader, row => rows.Holds.Add(row.GetGuid(0), MySqlRows.Hold(row)));
        if (keys.Sagas.Count > 0) Each(reader, row => rows.Sagas.Add(row.GetGuid(0), MySqlRows.Saga(row)));
        if (keys.Transactions.Count > 0) Each(reader, row => rows.Transactions.Add(row.GetGuid(0)));
        if (keys.Claims.Count > 0) Each(reader, row => rows.Claims.Add(row.GetString(0), MySqlRows.Claim(row)));
        return (writer, epoch, isWanted, rows);
    }

    private static void Each(MySqlDataReader reader, Action<MySqlDataReader> take)
    {
        reader.NextResult();
        while (reader.Read()) take(reader);
    }

    private SqlText In(string columns, string table, string key, HashSet<Guid> ids)
    {
        _sql.Add("SELECT ").Add(columns).Add(" FROM ").Add(table).Add(" WHERE ").Add(key).Add(" IN (");
        foreach (var id in ids) _sql.Value(id).Add(",");
        return _sql.Back(1).Add(")");
    }

    private SqlText InNames(HashSet<string> names)
    {
        _sql.Add("SELECT ").Add(MySqlRows.ClaimColumns).Add(" FROM claims WHERE name IN (");
        foreach (var name in names) _sql.Value(name).Add(",");
        return _sql.Back(1).Add(")");
    }
}
