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

    /// <summary>
    /// Adds to <paramref name="rows"/> what is not among them. The epoch row first: whoever holds its lock owns the
    /// shard until the transaction ends.
    /// </summary>
    /// <returns>The writer that the row names, and its epoch.</returns>
    public (Guid Writer, long Epoch) Read(MySqlConnection connection, BatchKeys keys, BatchRows rows)
    {
        Guid[] accounts = [.. keys.Accounts.Where(id => !rows.Accounts.ContainsKey(id))],
        aggregates = [.. keys.Aggregates.Where(id => !rows.Aggregates.ContainsKey(id))];
        _sql.Clear().Add("START TRANSACTION; SELECT writer, epoch FROM shard_head FOR UPDATE;");
        if (keys.Outcomes.Count > 0) In(LedgerColumns.Outcomes, "outcomes", "outcome_key", keys.Outcomes).Add(";");
        foreach (var (home, elsewhere) in keys.KeysElsewhere)
            In(LedgerColumns.Outcomes, $"{databaseOf(home)}.outcomes", "outcome_key", elsewhere).Add(";");
        if (accounts.Length > 0) In(LedgerColumns.Accounts, "accounts", "account_id", accounts).Add(Locked);
        if (keys.Customers.Count > 0)
            In(LedgerColumns.Customers, "customers", "customer_id", keys.Customers).Add(Locked);
        if (keys.Holds.Count > 0) In(LedgerColumns.Holds, "holds", "hold_id", keys.Holds).Add(Locked);
        if (aggregates.Length > 0)
            In(LedgerColumns.Aggregates, "aggregates", "aggregate_id", aggregates).Add(Locked);
        if (keys.Transactions.Count > 0)
            In("transaction_id", "transactions", "transaction_id", keys.Transactions).Add(";");
        if (keys.Claims.Count > 0) InNames(keys.Claims).Add(";");

        using var command = new MySqlCommand(
            _sql.ToString(), connection)
        { CommandTimeout = MySqlLimits.SilenceSeconds };
        using var reader = command.ExecuteReader();
        if (!reader.Read()) throw new TidelineException(ErrorCode.Corrupt, $"{connection.Database} has no head row.");
        var (writer, epoch) = (reader.GetGuid(0), reader.GetInt64(1));
        if (keys.Outcomes.Count > 0) Each(reader, row => rows.Outcomes.Add(row.GetGuid(0), MySqlRows.Outcome(row)));
        foreach (var _ in keys.KeysElsewhere)
            Each(reader, row => rows.KeysElsewhere.Add(row.GetGuid(0), MySqlRows.Outcome(row)));
        if (accounts.Length > 0) Each(reader, row => rows.Accounts.Add(row.GetGuid(0), MySqlRows.Account(row)));
        if (keys.Customers.Count > 0) Each(reader, row => rows.Customers.Add(row.GetGuid(0), MySqlRows.Customer(row)));
        if (keys.Holds.Count > 0) Each(reader, row => rows.Holds.Add(row.GetGuid(0), MySqlRows.Hold(row)));
        if (aggregates.Length > 0)
            Each(reader, row => rows.Aggregates.Add(row.GetGuid(0), MySqlRows.Aggregate(row)));
        if (keys.Transactions.Count > 0) Each(reader, row => rows.Transactions.Add(row.GetGuid(0)));
        if (keys.Claims.Count > 0) Each(reader, row => Add(rows.Claims, MySqlRows.Claim(row)));
        return (writer, epoch);
    }

    private static void Add(Dictionary<ClaimKey, ClaimRow> claims, ClaimRow claim) => claims.Add(claim.Key, claim);

    private static void Each(MySqlDataReader reader, Action<MySqlDataReader> take)
    {
        reader.NextResult();
        while (reader.Read()) take(reader);
    }

    private SqlText In(string columns, string table, string key, IEnumerable<Guid> ids)
    {
        _sql.Add("SELECT ").Add(columns).Add(" FROM ").Add(table).Add(" WHERE ").Add(key).Add(" IN (");
        foreach (var id in ids) _sql.Value(id).Add(",");
        return _sql.Back(1).Add(")");
    }

    private SqlText InNames(HashSet<ClaimKey> names)
    {
        _sql.Add("SELECT ").Add(LedgerColumns.Claims).Add(" FROM claims WHERE (space, name) IN (");
        foreach (var (space, name) in names) _sql.Add("(").Value(space).Add(",").Value(name).Add("),");
        return _sql.Back(1).Add(")");
    }
}
