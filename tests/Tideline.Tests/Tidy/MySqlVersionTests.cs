using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Tideline.Engines.Failover;

namespace Tideline.Tests.Tidy;

/// <summary>
/// Nothing that the engine sends to MySQL is newer than <see cref="Oldest"/>. Every word of its SQL stands in
/// <c>Frozen/mysql-words.txt</c> with the version that brought it: <c>-</c> for 5.7 or older, and for words that are no
/// SQL. With <c>TIDELINE_WRITE_PAGES</c> in the environment, the table of docs/reference/schema-mysql.md is written.
/// </summary>
public sealed partial class MySqlVersionTests
{
    private const string Head = "| Statement, function, variable or option | Since |\n|---|---|\n";

    private static readonly Version Oldest = new(8, 0, 26);

    private static readonly string[] Folders = ["src/Tideline.Engines/Ledger/MySql/", "src/Tideline.Engines/Failover/"];

    // What no single word shows.
    private static readonly (string Text, string Since)[] Phrases =
        [("INSERT … VALUES … AS n ON DUPLICATE KEY UPDATE", "8.0.19")];

    private static readonly Dictionary<string, Version?> Known = File
        .ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Frozen", "mysql-words.txt"))
        .Select(line => line.Split(' '))
        .ToDictionary(parts => parts[0], parts => parts[1] == "-" ? null : Version.Parse(parts[1]));

    [Fact]
    public void Every_word_is_known_and_none_is_newer_than_the_oldest_server() =>
        string.Join('\n', Texts().SelectMany(text => Wrong(text.Path, text.Text, Known))).ShouldBeEmpty();

    [Theory]
    [InlineData("SELECT id FROM a INTERSECT SELECT id FROM b")]
    [InlineData("INSERT INTO a VALUES (1) RETURNING id")]
    [InlineData("SHOW BINARY LOG STATUS")]
    [InlineData("SET GLOBAL innodb_redo_log_capacity = 1")]
    [InlineData("--terminology-use-previous=BEFORE_8_0_26")]
    public void A_planted_statement_is_found(string sql) => Wrong("planted", sql, Known).ShouldNotBeEmpty();

    [Fact]
    public void A_listed_word_that_is_newer_is_found()
    {
        var known = new Dictionary<string, Version?>(Known) { ["INTERSECT"] = new(8, 0, 31) };
        Wrong("planted", "INTERSECT", known).ShouldBe(["planted: INTERSECT came with 8.0.31"]);
    }

    [Fact]
    public void Every_listed_word_is_used() =>
        Known.Keys.Except(Texts().SelectMany(text => WordsOf(text.Path, text.Text))).ShouldBeEmpty();

    [Fact]
    public async Task The_page_lists_what_came_with_8_0()
    {
        var rows = Known.Where(word => word.Value is not null).Select(word => (Text: word.Key, Since: $"{word.Value}"))
            .Concat(Phrases).OrderBy(row => Version.Parse(row.Since)).ThenBy(row => row.Text, StringComparer.Ordinal);
        var table = Head + string.Concat(rows.Select(row => $"| `{row.Text}` | {row.Since} |\n"));
        var path = Path.Combine(SourceTree.Root, "docs", "reference", "schema-mysql.md");
        var page = await File.ReadAllTextAsync(path);
        var begin = page.IndexOf(Head, StringComparison.Ordinal);
        begin.ShouldBeGreaterThan(0);
        if (Environment.GetEnvironmentVariable("TIDELINE_WRITE_PAGES") is { Length: > 0 })
            await File.WriteAllTextAsync(path, page[..begin] + table);
        else page[begin..].ShouldBe(table);
    }

    private static IEnumerable<(string Path, string Text)> Texts() => SourceTree.Files
        .Where(file => Folders.Any(folder => file.Path.StartsWith(folder, StringComparison.Ordinal)))
        .SelectMany(file => CodeNames.LiteralsOf(CSharpSyntaxTree.ParseText(string.Join('\n', file.Lines)).GetRoot())
            .Select(text => (file.Path, text)))
        .Append(("mysql-start.sh", Script().Match(File.ReadAllText(Path.Combine(
            SourceTree.Root, "deploy", "helm", "tideline", "files", "mysql-start.sh"))).Value))
        .Concat(GroupSettings.Options.Select(option => ("GroupSettings.cs", option)));

    private static IEnumerable<string> Wrong(string path, string text, Dictionary<string, Version?> known) =>
        from word in WordsOf(path, text)
        where !known.TryGetValue(word, out var since) || since > Oldest
        select known.TryGetValue(word, out var newer) ? $"{path}: {word} came with {newer}" : $"{path}: {word}";

    // SQL is in capitals. Names of servers' variables and tables have underscores, as options they have hyphens; the
    // names of the engine's own tables stand in two files.
    private static IEnumerable<string> WordsOf(string path, string text)
    {
        foreach (Match word in Capitals().Matches(text)) yield return word.Value;
        if (path.EndsWith("MySqlTables.cs", StringComparison.Ordinal)) yield break;
        foreach (Match word in Compound().Matches(text))
        {
            var name = word.Value.Replace('-', '_');
            if (!Own.Value.Contains(name)) yield return name;
        }
    }

    private static readonly Lazy<HashSet<string>> Own = new(() => SourceTree.Files
        .Where(file => file.Path.StartsWith(Folders[0] + "MySqlTables", StringComparison.Ordinal)
            || file.Path.StartsWith(Folders[0] + "MySqlViews", StringComparison.Ordinal))
        .SelectMany(file => Compound().Matches(string.Join('\n', file.Lines)).Select(word => word.Value)).ToHashSet());

    [GeneratedRegex(@"(?<![\w-])[A-Z][A-Z_0-9]+(?![\w-])")]
    private static partial Regex Capitals();

    [GeneratedRegex(@"(?<![\w])[a-z]+(?:[_-][a-z0-9]+)+(?!\w)")]
    private static partial Regex Compound();

    [GeneratedRegex(@"(?<=<<END\n).*?(?=\nEND\n)", RegexOptions.Singleline)]
    private static partial Regex Script();
}
