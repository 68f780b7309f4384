using System.Globalization;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>The queries of aggregates.</summary>
internal static class AggregateQueries
{
    public const string One = $"SELECT {LedgerColumns.Aggregates} FROM aggregates WHERE aggregate_id = @0";

    /// <summary>Values: the prefix, a time, a limit.</summary>
    public const string Due =
        $"SELECT {LedgerColumns.Aggregates} FROM aggregates WHERE wake_us <= @1 AND LEFT(kind, CHAR_LENGTH(@0)) = @0 "
        + "ORDER BY wake_us LIMIT @2";

    /// <summary>Values: as <see cref="Values"/>, with an id and a limit.</summary>
    public static string Page(AggregateFilter which) => string.Create(
        CultureInfo.InvariantCulture,
        $"SELECT {LedgerColumns.Aggregates} FROM {From(which)} AND aggregate_id > @{which.States.Count + 1} "
        + $"ORDER BY aggregate_id LIMIT @{which.States.Count + 2}");

    /// <summary>Values: as <see cref="Values"/>.</summary>
    public static string All(AggregateFilter which) => $"SELECT {LedgerColumns.Aggregates} FROM {From(which)}";

    /// <summary>Values: as <see cref="Values"/>.</summary>
    public static string Kinds(AggregateFilter which) => $"SELECT DISTINCT kind FROM {From(which)} ORDER BY kind";

    public static object[] Values(AggregateFilter which, params object[] more) =>
        [which.KindPrefix, .. which.States, .. more];

    // Rows at rest have no word in the index: the table itself is walked.
    private static string From(AggregateFilter which)
    {
        var places = string.Join(", ", Enumerable.Range(1, which.States.Count).Select(
            at => string.Create(CultureInfo.InvariantCulture, $"@{at}")));
        var rows = (which.AtRest, places) switch
        {
            (true, "") => "at_rest",
            (true, _) => $"at_rest AND state IN ({places})",
            (false, "") => "open_state IS NOT NULL",
            (false, _) => $"open_state IN ({places})",
        };
        return $"aggregates WHERE {rows} AND LEFT(kind, CHAR_LENGTH(@0)) = @0";
    }
}
