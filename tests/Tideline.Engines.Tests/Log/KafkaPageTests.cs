using System.Text;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Tideline.Engines.Log.Kafka;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

/// <summary>The page of topics shows what a consumer really finds on a broker.</summary>
public sealed partial class KafkaPageTests : IAsyncLifetime
{
    private const string Service = "service.events";
    private readonly KafkaTopics _topics = new(RealEngine.Kafka);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _topics.DisposeAsync();

    [Fact]
    public async Task The_page_shows_records_as_they_are_on_the_broker_and_names_every_header()
    {
        var record = new LogRecord(
            Topics.AccountEvents, 0, 0, "shard-0", 1, new Guid("00000000-0000-7000-8000-00000000000a"),
            "ACCOUNT_DEBITED", new Guid("00000000-0000-7000-8000-0000000000a1"), 9, 1_795_435_200_123_456,
            Encoding.UTF8.GetBytes("""{"customerId":"00000000-0000-7000-8000-00000000000a","amountMinor":-1234}"""));
        await using var log = await _topics.OpenAsync();
        await log.AppendAsync(
        [
            record,
            record with
            {
                Topic = Service, Source = "shard-0.1795430000000000.128", SourceSeq = 140, PreviousSeq = 128,
                Version = 12, TimeUs = 1_795_435_300_000_000,
            },
            record with
            {
                Topic = Service, Source = "shard-0.1795430000000000.128", SourceSeq = 152, PreviousSeq = 140,
                Version = 13, TimeUs = 1_795_435_400_000_000,
            },
            record with { Topic = Topics.SagaCommands, Source = "saga-0" },
            record with { Topic = Topics.SagaCommands, Source = "saga-0", SourceSeq = 2, Partition = 1 },
        ], default);

        Message<byte[], byte[]>[] messages =
        [
            .. new[] { (Topics.AccountEvents, 0), (Service, 0), (Topics.SagaCommands, 1) }
                .SelectMany(of => _topics.Consume(of.Item2, of.Item1)).Select(result => result.Message),
        ];
        var page = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "reference", "topics.md"));
        page.ShouldContain($"```text\n{Text(messages[0])}```");
        page.ShouldContain($"```text\n{Text(messages[1])}```");
        Row().Matches(page).Select(row => row.Groups[1].Value).ShouldBe(
            messages.SelectMany(message => message.Headers).Select(header => header.Key).Distinct(), ignoreOrder: true);
    }

    private static string Text(Message<byte[], byte[]> message)
    {
        var text = new StringBuilder($"key: {Encoding.UTF8.GetString(message.Key)}\n");
        foreach (var header in message.Headers)
        {
            var bytes = header.GetValueBytes();
            var value = header.Key == RecordSeal.Header ? $"({bytes.Length} bytes)" : Encoding.UTF8.GetString(bytes);
            text.Append($"{header.Key}: {value}\n");
        }

        return text.Append($"value: {Encoding.UTF8.GetString(message.Value)}\n").ToString();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Tideline.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The page is beside the source.");
    }

    [GeneratedRegex(@"^\| `((?:ce_|content-type|tideline-)[a-z-]*)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
