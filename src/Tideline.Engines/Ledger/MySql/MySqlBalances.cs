using MySqlConnector;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The balances of a shard's database, in one snapshot. One query at a time: what it answers is streamed.
/// </summary>
internal sealed class MySqlBalances(MySqlTransaction snapshot) : IBalanceSource
{
    /// <inheritdoc/>
    public IEnumerable<BalanceRow> Accounts(Guid after, int limit) => Rows(
        "SELECT account_id, balance, pending_in, pending_out, entry_version, kind, currency, returnable FROM accounts"
        + $" WHERE account_id > @0 ORDER BY account_id LIMIT {limit}", after, null,
        row => new BalanceRow(row.GetGuid(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4),
            (AccountKind)row.GetInt32(5), row.GetString(6), row.GetInt64(7)));

    /// <inheritdoc/>
    public IEnumerable<EntryRow> Entries(Guid? after, Guid? through) =>
        Rows($"SELECT {LedgerColumns.Entries} FROM entries{Range(after, through)} ORDER BY account_id, entry_version",
            after, through, MySqlRows.Entry);

    /// <inheritdoc/>
    public IEnumerable<(Guid Account, Int128 Minor)> OpenHolds(Guid? after, Guid? through)
    {
        var sums = new Dictionary<Guid, Int128>();
        var where = Range(after, through) is { Length: > 0 } range ? $"{range} AND status = 0" : " WHERE status = 0";
        foreach (var (account, minor) in Rows($"SELECT account_id, amount - captured FROM holds{where}",
            after, through, row => (row.GetGuid(0), row.GetInt64(1))))
            sums[account] = sums.GetValueOrDefault(account) + minor;
        return sums.Select(sum => (sum.Key, sum.Value));
    }

    /// <inheritdoc/>
    public IEnumerable<AggregateRow> Aggregates(AggregateFilter which) =>
        Rows(AggregateQueries.All(which), AggregateQueries.Values(which), MySqlRows.Aggregate);

    private static string Range(Guid? after, Guid? through) => (after, through) switch
    {
        (null, null) => "",
        (null, _) => " WHERE account_id <= @1",
        (_, null) => " WHERE account_id > @0",
        _ => " WHERE account_id > @0 AND account_id <= @1",
    };

    private IEnumerable<T> Rows<T>(string sql, Guid? after, Guid? through, Func<MySqlDataReader, T> read) =>
        Rows(sql, [after, through], read);

    private IEnumerable<T> Rows<T>(string sql, object?[] values, Func<MySqlDataReader, T> read)
    {
        using var command = new MySqlCommand(
            sql, snapshot.Connection, snapshot)
        { CommandTimeout = MySqlLimits.ReadSeconds };
        for (var at = 0; at < values.Length; at++)
        {
            if (values[at] is { } value) command.Parameters.AddWithValue($"@{at}", value);
        }

        command.Prepare();
        using var reader = command.ExecuteReader();
        while (reader.Read()) yield return read(reader);
    }
}
