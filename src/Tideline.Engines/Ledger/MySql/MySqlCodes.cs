using System.Globalization;
using System.Text.RegularExpressions;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>What a number in a coded column means.</summary>
/// <param name="Field">The column, as <c>table.column</c>.</param>
/// <param name="Number">The number that is stored.</param>
/// <param name="Name">Its published name.</param>
/// <param name="Meaning">A sentence.</param>
internal sealed record StoredCode(string Field, int Number, string Name, string Meaning);

/// <summary>
/// The tables <c>codes</c> and <c>currencies</c>, for people and for the readable views: the program never reads them.
/// Numbers and names are those of the program's own enums.
/// </summary>
internal static partial class MySqlCodes
{
    /// <summary>Every code that this program may store.</summary>
    public static IReadOnlyList<StoredCode> All =>
    [
        .. Of<AccountKind>(CodeMeanings.Of), .. Of<AccountStatus>(CodeMeanings.Of),
        .. Of<HoldStatus>(CodeMeanings.Of), .. Of<OutcomeKind>(CodeMeanings.Of),
        .. Of<TransactionKind, TransactionKindName>(TransactionKinds.All, static one => one.Meaning),
        .. Of<RefusalReason, RefusalKind>(Refusals.All, static one => one.Title + "."),
        .. Of<EventType, EventKind>(EventTypes.All, static one => one.Meaning),
    ];

    /// <summary>The column that holds the numbers of an enum.</summary>
    public static string FieldOf(Type stored) => stored.Name switch
    {
        nameof(AccountKind) => "accounts.kind",
        nameof(AccountStatus) => "accounts.status",
        nameof(TransactionKind) => "transactions.kind",
        nameof(HoldStatus) => "holds.status",
        nameof(OutcomeKind) => "outcomes.kind",
        nameof(RefusalReason) => "outcomes.refusal_reason",
        nameof(EventType) => "events.event_type",
        _ => throw new TidelineException(ErrorCode.Internal, $"{stored.Name} is not stored."),
    };

    /// <summary>
    /// Adds what is not there and corrects what differs. Codes that only another version of the program knows stay.
    /// </summary>
    public static void Ensure(MySqlConnection connection)
    {
        var missing = All.Except(ReadCodes(connection)).ToList();
        if (missing.Count > 0) Write(connection, "codes", "field, code, name, meaning", missing, static (sql, row) =>
            sql.Value(row.Field).Add(",").Value(row.Number).Add(",").Value(row.Name).Add(",").Value(row.Meaning),
            "name = n.name, meaning = n.meaning");
        var unknown = Currency.Known.Except(ReadCurrencies(connection)).ToList();
        if (unknown.Count > 0) Write(connection, "currencies", "currency, decimals, minor_unit", unknown,
            static (sql, row) => sql.Value(row.Code).Add(",").Value(row.Exponent).Add(",").Add(MinorUnit(row)),
            "decimals = n.decimals, minor_unit = n.minor_unit");
    }

    /// <summary>One minor unit in major units: <c>0.01</c> for EUR.</summary>
    private static string MinorUnit(Currency currency) =>
        new decimal(1, 0, 0, false, (byte)currency.Exponent).ToString(CultureInfo.InvariantCulture);

    private static void Write<T>(
        MySqlConnection connection, string table, string columns, List<T> rows, Action<SqlText, T> values,
        string change)
    {
        var sql = new SqlText().Add($"INSERT INTO {table} ({columns}) VALUES ");
        foreach (var row in rows)
        {
            sql.Add("(");
            values(sql, row);
            sql.Add("),");
        }

        sql.Back(1).Add(" AS n ON DUPLICATE KEY UPDATE ").Add(change);
        using var insert = new MySqlCommand(sql.ToString(), connection);
        insert.ExecuteNonQuery();
    }

    private static List<StoredCode> ReadCodes(MySqlConnection connection)
    {
        using var query = new MySqlCommand("SELECT field, code, name, meaning FROM codes", connection);
        using var reader = query.ExecuteReader();
        var rows = new List<StoredCode>();
        while (reader.Read())
            rows.Add(new StoredCode(reader.GetString(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3)));
        return rows;
    }

    private static List<Currency> ReadCurrencies(MySqlConnection connection)
    {
        using var query = new MySqlCommand("SELECT currency, decimals, minor_unit FROM currencies", connection);
        using var reader = query.ExecuteReader();
        var rows = new List<Currency>();
        while (reader.Read())
        {
            if (Currency.TryParse(reader.GetString(0), out var currency) && reader.GetInt32(1) == currency.Exponent
                && reader.GetDecimal(2) == decimal.Parse(MinorUnit(currency), CultureInfo.InvariantCulture))
                rows.Add(currency);
        }

        return rows;
    }

    private static IEnumerable<StoredCode> Of<T>(Func<T, string> meaning)
        where T : struct, Enum => Enum.GetValues<T>().Select(value => new StoredCode(
            FieldOf(typeof(T)), Convert.ToInt32(value, CultureInfo.InvariantCulture), Kebab(value), meaning(value)));

    // What services may add to.
    private static IEnumerable<StoredCode> Of<TEnum, T>(IEnumerable<T> names, Func<T, string> meaning)
        where T : NumberedName =>
        names.Select(one => new StoredCode(FieldOf(typeof(TEnum)), one.Number, one.Name, meaning(one)));

    // The published names are the names of the enums in this form.
    private static string Kebab<T>(T value)
        where T : struct, Enum => Capital().Replace(value.ToString(), "-$0").ToLowerInvariant();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex Capital();
}
