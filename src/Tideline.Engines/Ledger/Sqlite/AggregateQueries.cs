using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// The queries of aggregates. Each names its index, so that SQLite refuses one that would walk instead.
/// </summary>
internal static class AggregateQueries
{
    public const string One = $"SELECT {LedgerColumns.Aggregates} FROM aggregates WHERE aggregate_id = ?";

    /// <summary>Values: a time, the prefix twice, a limit.</summary>
    public const string Due =
        $"SELECT {LedgerColumns.Aggregates} FROM aggregates INDEXED BY aggregates_due "
        + "WHERE wake_us <= ? AND substr(kind, 1, length(?)) = ? ORDER BY wake_us LIMIT ?";

    /// <summary>Values: as <see cref="Bind"/>, then an id and a limit.</summary>
    public static string Page(AggregateFilter which) =>
        $"SELECT {LedgerColumns.Aggregates} FROM {From(which)} AND aggregate_id > ? ORDER BY "
        + "aggregate_id LIMIT ?";

    /// <summary>Values: as <see cref="Bind"/>.</summary>
    public static string All(AggregateFilter which) =>
        $"SELECT {LedgerColumns.Aggregates} FROM {From(which)}";

    /// <summary>Values: as <see cref="Bind"/>.</summary>
    public static string Kinds(AggregateFilter which) => $"SELECT DISTINCT kind FROM {From(which)} ORDER BY kind";

    public static SqliteStatement Bind(this SqliteStatement query, AggregateFilter which)
    {
        foreach (var state in which.States) query.Bind(state);
        return query.Bind(which.KindPrefix).Bind(which.KindPrefix);
    }

    // Rows at rest stand in no index: the table itself is walked.
    private static string From(AggregateFilter which)
    {
        var source = which.AtRest
            ? "aggregates WHERE at_rest = 1"
            : "aggregates INDEXED BY aggregates_by_state WHERE at_rest = 0";
        var states = which.States.Count == 0
            ? ""
            : $" AND state IN ({string.Join(", ", which.States.Select(_ => "?"))})";
        return $"{source}{states} AND substr(kind, 1, length(?)) = ?";
    }
}
