using System.Text.RegularExpressions;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Tests.Gateway;

namespace Tideline.Tests.Tidy;

/// <summary>
/// What a page names as code is in the code: files, types, members, metrics, problems, events and topics.
/// </summary>
public sealed partial class PageNameTests
{
    // What is not this program's own.
    private static readonly Dictionary<string, string> Foreign = new()
    {
        ["AlterConsumerGroupOffsets"] = "Kafka's protocol",
        ["DeleteRecords"] = "Kafka's protocol",
        ["DescribeTopics"] = "Kafka's protocol",
        ["ListConsumerGroupOffsets"] = "Kafka's protocol",
        ["ListOffsets"] = "Kafka's protocol",
        ["ListOffsetsAsync"] = "Confluent.Kafka",
        ["read_uncommitted"] = "a setting of Kafka",
        ["rd_kafka_topic_partition_list_query_leaders_async"] = "librdkafka's source",
        ["log_self_write_up_to"] = "MySQL's source",
        ["sql_slave_killed"] = "MySQL's source",
        ["innodb_log_writer_threads"] = "a setting of MySQL that is left as it is",
        ["innodb_log_file_size"] = "a setting of MySQL before 8.0.30",
        ["UUID_TO_BIN"] = "a function of MySQL for people",
        ["CLOCK_BOOTTIME"] = "Linux",
        ["Allow"] = "HTTP",
        ["Location"] = "HTTP",
        ["Retry-After"] = "HTTP",
        ["TimeProvider"] = ".NET",
        ["XmlSchemaSet"] = ".NET",
        ["RELEASE.NAMESPACE.svc.cluster.local"] = "Kubernetes",
        ["deploy/secrets"] = "made by make-secrets",
        ["pain002.xml"] = "made by an example",
        ["pain.002.001.03"] = "composed of family and version",
    };

    [Fact]
    public void A_file_that_a_page_names_exists() => Nothing(Page.All.SelectMany(MissingFiles));

    [Theory]
    [InlineData("`src/Tideline/Ledger/None.cs`")]
    [InlineData("`Ledger/None.cs`")]
    [InlineData("`None.cs`")]
    [InlineData("`src/Tideline/None`")]
    [InlineData("```\ncat src/Tideline/Ledger/None.cs\n```")]
    public void A_planted_file_is_found(string text) =>
        MissingFiles(new Page("README.md", text)).ShouldHaveSingleItem();

    [Fact]
    public void A_type_or_member_that_a_page_names_exists() => Nothing(Page.All.SelectMany(MissingIdentifiers));

    [Theory]
    [InlineData("`NoSuchType`")]
    [InlineData("`Limits.NoSuchMember`")]
    [InlineData("`NoSuchType.Shards`")]
    public void A_planted_identifier_is_found(string text) =>
        MissingIdentifiers(new Page("README.md", text)).ShouldHaveSingleItem();

    [Fact]
    public void A_name_on_the_wire_that_a_page_has_exists() => Nothing(Page.All.SelectMany(MissingWords));

    [Theory]
    [InlineData("`tideline_no_such_metric{shard}`")]
    [InlineData("`no-such-problem`")]
    [InlineData("`NO_SUCH_EVENT`")]
    [InlineData("`no.such.topic`")]
    [InlineData("`noSuchField`")]
    [InlineData("`TIDELINE_NO_SUCH_VARIABLE=1`")]
    [InlineData("```\nexport TIDELINE_NO_SUCH_VARIABLE=1\n```")]
    public void A_planted_word_is_found(string text) =>
        MissingWords(new Page("README.md", text)).ShouldHaveSingleItem();

    [Fact]
    public void Every_foreign_name_is_on_a_page() =>
        Foreign.Keys.Except(Page.All.SelectMany(page => page.Spans).Select(span => NameOf(span.Text))).ShouldBeEmpty();

    [Fact]
    public void The_page_of_problems_lists_every_type_with_its_status_and_title()
    {
        var listed = Page.All.Single(page => page.Path == "docs/reference/problems.md").Prose
            .Select(line => ProblemRow().Match(line.Text)).Where(row => row.Success)
            .Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value} {row.Groups[3].Value}");
        listed.ShouldBe(FrozenContractTests.OfThisBuild.Select(type => $"{type.Name} {type.Status} {type.Title}.")
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_page_of_events_names_every_event_and_topic()
    {
        var page = Page.All.Single(page => page.Path == "docs/reference/events.md");
        string[] names = [.. Enum.GetValues<EventType>().Select(type => type.Name()), Topics.AccountEvents];
        var headings = page.Prose.Select(line => line.Text.TrimStart('#', ' '));
        names.Except(page.Spans.Select(span => span.Text).Concat(headings)).ShouldBeEmpty();
    }

    private static IEnumerable<string> MissingFiles(Page page) =>
        from span in page.Spans.Concat(
            from line in page.Code
            from Match path in SourcePath().Matches(line.Text)
            select (line.Number, path.Value))
        where FilePath().IsMatch(span.Item2) && !Foreign.ContainsKey(span.Item2) && !IsFile(span.Item2)
        select $"{page.Path}:{span.Item1} names the file {span.Item2}";

    private static IEnumerable<string> MissingIdentifiers(Page page) =>
        from span in page.Spans
        where Identifier().IsMatch(span.Text) && !Foreign.ContainsKey(span.Text)
            && !CodeNames.Declared.Contains(span.Text) && !CodeNames.Words.Contains(span.Text)
            && !IsFile(span.Text)
        select $"{page.Path}:{span.Number} names {span.Text}";

    private static IEnumerable<string> MissingWords(Page page) =>
        from span in page.Spans.Concat(
            from line in page.Code
            from Match variable in Variable().Matches(line.Text)
            select (line.Number, variable.Value))
        let name = NameOf(span.Item2)
        where Word().IsMatch(name) && !Foreign.ContainsKey(name) && !IsWord(name) && !IsFile(name)
        select $"{page.Path}:{span.Item1} names {name}";

    // Without the value of a setting, the labels of a metric, the slash of a folder and the number of a shard.
    private static string NameOf(string span) => Tail().Replace(span, "");

    // An option of MySQL is written with underscores where it is a variable.
    private static bool IsWord(string name) => CodeNames.Words.Contains(name) || CodeNames.Declared.Contains(name)
        || name == GeneratedPage.Variable
        || CodeNames.Words.Contains(name.Replace('_', '-'))
        || (name.EndsWith("_*", StringComparison.Ordinal)
            && CodeNames.Words.Any(word => word.StartsWith(name[..^1], StringComparison.Ordinal)))
        || (CamelCase().IsMatch(name) && CodeNames.Declared.Contains(char.ToUpperInvariant(name[0]) + name[1..]));

    // Engines/Log stands for src/Tideline.Engines/Log.
    private static bool IsFile(string name) => CodeNames.Files.Any(file =>
        file == name.TrimEnd('/') || file.EndsWith($"/{name}", StringComparison.Ordinal)
        || file.EndsWith($".{name}", StringComparison.Ordinal)
        || file.StartsWith($"{name.TrimEnd('/')}/", StringComparison.Ordinal)
        || file.Contains($"/{name.TrimEnd('/')}/", StringComparison.Ordinal));

    private static void Nothing(IEnumerable<string> found) =>
        string.Join('\n', found.Order(StringComparer.Ordinal)).ShouldBeEmpty();

    [GeneratedRegex(@"^(?:[\w.-]+/)*[\w.-]+\.(?:cs|csproj|props|txt|sh|yaml)$"
        + @"|^(?:src|tests|tools|docs|dev|deploy)/[\w./-]*$")]
    private static partial Regex FilePath();

    [GeneratedRegex(@"\b(?:src|tests|tools|dev|deploy)/[\w./-]+\.\w+\b")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"^[A-Z][a-z]\w*(?:\.[A-Z]\w*)?$")]
    private static partial Regex Identifier();

    // Anything in one piece that only a program writes: two_words, two-words, two.words, twoWords, TWO_WORDS.
    [GeneratedRegex(@"^(?![A-Z][a-z]\w*(?:\.[A-Z]\w*)?$)(?=[\w.*-]*(?:[_.-]|[a-z][A-Z]))[A-Za-z][\w.*-]*\w\*?$")]
    private static partial Regex Word();

    [GeneratedRegex("^[a-z][A-Za-z]*$")]
    private static partial Regex CamelCase();

    [GeneratedRegex(@"\bTIDELINE_\w+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?:=.*|[{].*|/|[-_](?:\d|[Nn]\b).*)$")]
    private static partial Regex Tail();

    [GeneratedRegex(@"^\| `([a-z-]+)` \| (\d{3}) \| ([^|]+?) \|")]
    private static partial Regex ProblemRow();
}
