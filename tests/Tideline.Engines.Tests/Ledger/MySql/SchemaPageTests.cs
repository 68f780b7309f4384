using System.Globalization;
using System.Text;
using MySqlConnector;
using Tideline.Engines.Ledger.MySql;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>
/// The page of the schema is what a database says of itself. With <c>TIDELINE_WRITE_PAGES</c> in the environment it is
/// written; what stands before and after is written by hand.
/// </summary>
public sealed class SchemaPageTests : IAsyncLifetime
{
    private const string Begin = "## Questions\n", End = "## Server versions\n";

    private const string Tables =
        "SELECT table_name, table_comment FROM information_schema.tables WHERE table_schema = DATABASE() "
        + "AND table_type = 'BASE TABLE' ORDER BY table_name";

    private const string Keys =
        "SELECT index_name, GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', ') "
        + "FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '{0}' "
        + "GROUP BY index_name ORDER BY index_name = 'PRIMARY' DESC, index_name";

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly MySqlDatabases _databases = new();
    private MySqlConnection _connection = null!;

    public async ValueTask InitializeAsync()
    {
        await using (await _databases.OpenAsync()) _connection = await _databases.ConnectAsync(0);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        await _databases.DisposeAsync();
    }

    [Fact]
    public async Task The_page_is_the_schema()
    {
        var path = Path.Combine(Root(), "docs", "reference", "schema-mysql.md");
        var page = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
        begin.ShouldBeGreaterThan(0);
        end.ShouldBeGreaterThan(begin);
        var made = Begin + Questions() + await ViewsAsync() + await CodesAsync() + await TablesAsync();
        if (Environment.GetEnvironmentVariable("TIDELINE_WRITE_PAGES") is { Length: > 0 })
            await File.WriteAllTextAsync(
                path, page[..begin] + made + page[end..], TestContext.Current.CancellationToken);
        else page[begin..end].ShouldBe(made);
    }

    private static string Questions()
    {
        var text = new StringBuilder(
            "\nEach statement reads one shard: an id is on one of them, so ask every shard. Variables are "
            + "texts: ids, and times in\nUTC such as `2026-11-30 00:00:00`.\n");
        foreach (var question in OperatorQuestions.All)
        {
            text.Append(Invariant, $"\n### {question.Text}\n\n```sql\n{question.Sql};\n```\n\n");
            text.Append(Invariant, $"Index: `{question.Index}`.\n");
            if (question.Note is not null) text.Append(Invariant, $"{question.Note}\n");
        }

        return text.ToString();
    }

    private async Task<string> ViewsAsync()
    {
        var text = new StringBuilder("\n## Readable views\n\n| View | Shows | Columns |\n|---|---|---|\n");
        foreach (var view in MySqlViews.All)
        {
            var columns = await RowsAsync(Columns(view.Name));
            text.Append(Invariant, $"| `{view.Name}` | {view.Meaning} | ")
                .AppendJoin(", ", columns.Select(column => $"`{column[0]}` {column[1]}")).Append(" |\n");
        }

        return text.ToString();
    }

    private async Task<string> CodesAsync()
    {
        var text = new StringBuilder("\n## Codes\n\nThe table `codes` holds them.\n\n");
        text.Append("| Column | Code | Name | Meaning |\n|---|---|---|---|\n");
        foreach (var row in await RowsAsync("SELECT field, code, name, meaning FROM codes ORDER BY field, code"))
            text.Append(Invariant, $"| {row[0]} | {row[1]} | {row[2]} | {row[3]} |\n");
        return text.ToString();
    }

    private async Task<string> TablesAsync()
    {
        var text = new StringBuilder("\n## Tables\n\nA type with `?` may be NULL.\n");
        foreach (var table in await RowsAsync(Tables))
        {
            text.Append(Invariant, $"\n### {table[0]}\n\n{table[1]}\n\n| Column | Type | Comment |\n|---|---|---|\n");
            foreach (var column in await RowsAsync(Columns(table[0])))
                text.Append(Invariant, $"| `{column[0]}` | {column[1]}{column[2]} | {column[3]} |\n");
            text.Append("\nKeys: ").AppendJoin("; ", (await RowsAsync(Keys.Replace(
                "{0}", table[0], StringComparison.Ordinal))).Select(key => $"`{key[0]}` ({key[1]})")).Append(".\n");
        }

        return text.Append('\n').ToString();
    }

    private static string Columns(string table) =>
        "SELECT column_name, column_type, IF(is_nullable = 'YES', '?', ''), column_comment "
        + $"FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{table}' "
        + "ORDER BY ordinal_position";

    private async Task<List<string[]>> RowsAsync(string sql)
    {
        await using var command = new MySqlCommand(sql, _connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string[]>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => $"{reader.GetValue(column)}")]);
        return rows;
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Tideline.slnx"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
