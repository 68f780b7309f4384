using System.Text.Json;
using System.Text.RegularExpressions;
using Tideline.Engines.Backup;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Tests.Backup;
using Tideline.Tests.Projections;
using Tideline.Tests.Tidy;

namespace Tideline.Tests.Log;

/// <summary>Source and id name one event for ever, wherever it shows.</summary>
public sealed partial class EventIdentityTests
{
    [Fact]
    public async Task The_archive_gives_an_event_the_identity_that_its_record_has()
    {
        await using var stage = await InstallationStage.StartAsync();
        await stage.AccountAsync(0, 100);
        await stage.AccountAsync(1, 100);
        await stage.LevelAsync();
        var archived = await ArchivedAsync(stage);
        archived.Count.ShouldBe(6);
        archived.ShouldBe(await PublishedAsync(stage), ignoreOrder: true);
    }

    [Fact]
    public async Task Two_lives_of_one_backup_never_give_one_identity_to_two_events()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        await stage.LevelAsync();
        var common = await PublishedAsync(stage);
        await stage.Node.Backup!.WriteAsync(stage.Data + "-backup", default);
        await stage.StopAsync();
        var lives = new List<IReadOnlyList<(string Source, string Id)>>();
        foreach (var name in (string[])["-first", "-second"])
        {
            await EmbeddedRestore.RunAsync(
                stage.Data + "-backup", stage.Data + name, TimeProvider.System.GetUtcNow(), default);
            await stage.OpenAsync(data: stage.Data + name);
            await stage.DepositAsync(account, 1);
            await stage.LevelAsync();
            lives.Add(await PublishedAsync(stage));
            (await ArchivedAsync(stage)).ShouldBe(lives[^1], ignoreOrder: true);
            await stage.VerifyAsync();
            await stage.StopAsync();
        }

        lives[0].Intersect(lives[1]).ShouldBe(common, ignoreOrder: true);
        lives[0].Count.ShouldBe(common.Count + 1);
    }

    [Fact]
    public async Task What_counts_by_itself_gives_no_identity_again_after_its_log_was_lost()
    {
        await using var stage = await InstallationStage.StartAsync();
        var account = await stage.AccountAsync(0, 100);
        var before = await AnnouncedAsync(stage);
        await stage.StopAsync();
        await stage.OpenAsync();
        await stage.DepositAsync(account, 1);
        var restarted = await AnnouncedAsync(stage);
        restarted.Take(before.Count).ShouldBe(before);
        restarted.Select(each => each.Source).Distinct().ShouldBe(before.Select(each => each.Source).Distinct());
        await stage.StopAsync();
        Directory.Delete(Path.Combine(stage.Data, "log"), recursive: true);
        await stage.OpenAsync();
        await stage.DepositAsync(account, 1);
        (await AnnouncedAsync(stage)).Intersect(restarted).ShouldBeEmpty();
        await stage.VerifyAsync();
    }

    [Fact]
    public async Task A_dead_letter_names_its_event_and_is_a_record_of_its_own()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada, document => document with
        {
            Clock = new SortedList<Guid, long>(document.Clock) { [accounts[0]] = 1 },
        });
        await stage.RestartAsync();
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();

        var letter = (await stage.Log.ReadAsync(DeadLetterTopic.Name, 0, 0, 10, default)).ShouldHaveSingleItem();
        var events = await stage.Log.ReadAsync(Topics.AccountEvents, 0, 0, 100, default);
        var sources = new PublishedSources(stage.Bank.Ledger.Installation);
        var data = JsonDocument.Parse(letter.Data).RootElement;
        (data.GetProperty("source").GetString(), data.GetProperty("seq").GetInt64())
            .ShouldBe((sources.Of(events[^1].Source), events[^1].SourceSeq));
        sources.Of(letter.Source).ShouldBe($"/tideline/{stage.Bank.Ledger.Installation}/dead-customers-0@1");
    }

    [Fact]
    public async Task The_page_of_topics_has_every_topic_with_its_types_and_its_source()
    {
        await using var stage = await InstallationStage.StartAsync();
        var (from, to) = (await stage.AccountAsync(0, 100), await stage.AccountAsync(1, 100));
        await stage.TransferAsync(from, to, 10);
        await stage.LevelAsync();
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        var page = Page.All.Single(page => page.Path == "docs/reference/topics.md");
        foreach (var of in await stage.Node.Log.DescribeAsync(default))
        {
            var begin = $"| `{of.Topic}` |";
            var row = page.Prose.Single(line => line.Text.StartsWith(begin, StringComparison.Ordinal)).Text;
            foreach (var record in await stage.Node.Log.ReadAsync(of.Topic, of.Partition, 0, 1_000, default))
            {
                seen.Add(of.Topic);
                var name = SourceName.Parse(record.Source).ShouldNotBeNull();
                var producer = name.Producer.Replace("customers", "{projection}", StringComparison.Ordinal);
                row.ShouldContain($"`{producer}-N`");
                if (of.Topic != Topics.AccountEvents) row.ShouldContain($"`{record.Type}`");
                (record.Key == Guid.Empty).ShouldBe(row.Contains("| none |", StringComparison.Ordinal), of.Topic);
            }
        }

        seen.ShouldContain(Topics.AccountEvents);
        seen.ShouldContain(Topics.CustomerEvents);
        seen.ShouldContain(Topics.SagaCommands);
        page.Prose.Select(line => TopicRow().Match(line.Text)).Where(row => row.Success)
            .Select(row => row.Groups[1].Value).ShouldBe(
                [Topics.AccountEvents, Topics.CustomerEvents, Topics.SagaCommands, Topics.AuditHeads,
                    DeadLetterTopic.Name]);
    }

    // The announcements of shard 0, once the views are level.
    private static async Task<IReadOnlyList<(string Source, long Seq)>> AnnouncedAsync(InstallationStage stage)
    {
        await stage.LevelAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        IReadOnlyList<LogRecord> records;
        do
        {
            await Task.Delay(5, limit.Token);
            records = await stage.Node.Log.ReadAsync(Topics.CustomerEvents, 0, 0, 1_000, default);
        }
        while (records.Count == 0 || JsonDocument.Parse(records[^1].Data).RootElement.GetProperty("throughSeq")
            .GetInt64() < stage.Node.Ledger.CommittedHead(0).EventSeq);
        return [.. records.Select(record => (record.Source, record.SourceSeq))];
    }

    private static async Task<IReadOnlyList<(string Source, string Id)>> PublishedAsync(InstallationStage stage)
    {
        var (found, sources) = (new List<(string, string)>(), new PublishedSources(stage.Node.Ledger.Installation));
        for (var shard = 0; shard < stage.Node.Ledger.Map.Shards; shard++)
        {
            foreach (var record in await stage.Node.Log.ReadAsync(Topics.AccountEvents, shard, 0, 1_000, default))
                found.Add((sources.Of(record.Source), PublishedSources.IdOf(record.SourceSeq)));
        }

        return found;
    }

    private static async Task<IReadOnlyList<(string Source, string Id)>> ArchivedAsync(InstallationStage stage)
    {
        var names = stage.Node.Projections["events"].Projector.Names;
        var query = new Tideline.Views.DocumentQuery(
            names.Of("events"), new Dictionary<string, object>(), null, null, null, false, [], null, null, 1_000);
        return
        [
            .. (await stage.Node.Views.QueryAsync(query, default))
                .Select(document => JsonDocument.Parse(document.Json).RootElement)
                .Select(json => (json.GetProperty("source").GetString()!, json.GetProperty("id").GetString()!)),
        ];
    }

    [GeneratedRegex(@"^\| `([a-z.]+\.(?:events|commands|heads|dlq))` \|")]
    private static partial Regex TopicRow();
}
