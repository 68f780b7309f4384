using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Tests.Projections;

/// <summary>A projection of ten lines, registered here alone: nothing else is needed.</summary>
public sealed class ProjectionSampleTests
{
    private static readonly ProjectionDefinition Sample = new()
    {
        Name = "openings", SchemaVersion = 1, Takes = new HashSet<EventType> { EventType.AccountCreated },
        Key = happened => happened.Data?.Currency,
        Documents = new DocumentCollection<Openings>
        {
            Name = "openings", Json = SampleJson.Default.Openings,
            Fold = (document, happened, _) => new Openings(
                (document?.Count ?? 0) + 1, ShardClock.Move(document?.Clock ?? [], happened.Position)),
            Clock = ShardClock.Of<Openings>(
                document => document.Clock, (document, _, clock) => new Openings(document?.Count ?? 0, clock)),
        },
    };

    [Fact]
    public async Task It_runs_beside_the_others_is_rebuilt_and_is_found_sound()
    {
        await using var stage = await Stage.OpenAsync(projections: [.. BankServices.Projections, Sample]);
        for (var at = 0; at < 3; at++) await stage.CustomerAsync();
        await stage.FlowAsync();
        (await CountAsync(stage)).ShouldBe(6);
        (await stage.Host["openings"].Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        await stage.CustomerAsync();
        await stage.FlowAsync();
        (await CountAsync(stage)).ShouldBe(8);
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));
    }

    [Fact]
    public async Task One_that_is_registered_later_is_filled_from_the_ledger_though_the_log_has_forgotten()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        // A record that follows, and nothing of what came before.
        var head = await stage.Log.GetHeadAsync(Tideline.Log.Topics.AccountEvents, 0, default);
        stage.Projections = [.. BankServices.Projections, Sample];
        await stage.RestartAsync(new ForgetfulLog(stage.Log, firstOffset: head + 1));
        await stage.CustomerAsync();
        await stage.FlowAsync();
        (await CountAsync(stage)).ShouldBe(4);
        (await stage.Host["openings"].Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        (await CountAsync(stage)).ShouldBe(4);
    }

    [Fact]
    public async Task One_whose_fold_and_indexes_changed_is_built_anew_by_the_next_start()
    {
        await using var stage = await Stage.OpenAsync(projections: [.. BankServices.Projections, Sample]);
        await stage.CustomerAsync();
        await stage.FlowAsync();
        var indexed = new DocumentCollection<Openings>
        {
            Name = "openings", Json = SampleJson.Default.Openings, Indexes = [["Count"]],
            IndexValues = document => new Dictionary<string, object?> { ["Count"] = document.Count },
            Fold = (document, happened, _) => new Openings(
                (document?.Count ?? 0) + 10, ShardClock.Move(document?.Clock ?? [], happened.Position)),
            Clock = ShardClock.Of<Openings>(
                document => document.Clock, (document, _, clock) => new Openings(document?.Count ?? 0, clock)),
        };
        stage.Projections =
            [.. BankServices.Projections, Sample with { SchemaVersion = 2, Documents = indexed }];
        await stage.RestartAsync();
        await stage.FlowAsync();
        (await CountAsync(stage)).ShouldBe(20);
        var active = stage.Host["openings"].Projector.Active;
        (active.Version, active.Previous, active.Schema).ShouldBe((2, 1, 2));
        (await stage.Host["openings"].Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));

        stage.Projections = [.. BankServices.Projections, Sample with { SchemaVersion = 2 }];
        await stage.RestartAsync();
        stage.Host["openings"].Projector.Status()[0].Fault.ShouldNotBeNull().ShouldContain("has a new SchemaVersion");
    }

    [Fact]
    public async Task A_projection_that_fails_holds_up_no_other_and_catches_up_later()
    {
        var isBroken = true;
        var broken = Sample with
        {
            Name = "broken",
            Documents = null,
            Rows =
            [
                new RowCollection
                {
                    Name = "broken",
                    Row = happened => isBroken
                        ? throw new TidelineException(ErrorCode.Corrupt, "It is broken.")
                        : new DocumentWrite(
                            happened.Event.Position.ToString(), 0, 1, "{}"u8.ToArray(),
                            new Dictionary<string, object?>()),
                    KeyOf = stored => stored.Id,
                },
            ],
        };
        await using var stage = await Stage.OpenAsync(projections: [broken, .. BankServices.Projections]);
        await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Host.All.SelectMany(projection => projection.Projector.Status())
            .ShouldAllBe(status => status.LagEvents == 0 && status.Healthy);
        var letters = stage.Host["broken"].DeadLetters;
        letters.List().ShouldHaveSingleItem().Letters.ShouldBe(2);
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        await stage.RestartAsync();
        stage.Host["broken"].DeadLetters.List().ShouldHaveSingleItem().Letters.ShouldBe(2);
        isBroken = false;
        (await stage.Host["broken"].DeadLetters.ReplayAllAsync(dryRun: false, null, default))
            .Results.ShouldHaveSingleItem().Applied.ShouldBe(2);
        (await stage.VerifyViewsAsync()).Ok.ShouldBeTrue();
    }

    [Fact]
    public async Task Projections_share_one_read_of_the_log()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        var log = new CountingLog(stage.Log);
        await stage.RestartAsync(log);
        await stage.ProjectAsync();
        var idle = log.Reads;
        await stage.CustomerAsync();
        await stage.FlowAsync();
        // Per shard: the events once; then each projection finds that there are no more.
        (log.Reads - idle).ShouldBeLessThanOrEqualTo(2 * (1 + stage.Host.All.Count) + 2);
        log.Filled.ShouldBe(2);
    }

    [Fact]
    public async Task Two_projections_cannot_have_one_name_or_collection()
    {
        await using var stage = await Stage.OpenAsync();
        (await Should.ThrowAsync<TidelineException>(() => ProjectionHost.CreateAsync(
            [.. BankServices.Projections, Sample with { Name = "customers" }], stage.Bank.Ledger, stage.Log,
            stage.Views, stage.Bank.Time, NullLoggerFactory.Instance, default))).Code.ShouldBe(ErrorCode.InvalidInput);
    }

    private static async Task<long> CountAsync(Stage stage)
    {
        var projection = stage.Host["openings"];
        var stored = await stage.Views.ReadAsync(projection.Projector.Names.Documents, ["EUR"], default);
        return ((Openings)projection.Definition.Documents!.Read(stored.ShouldHaveSingleItem(), out _)!).Count;
    }

    private sealed class CountingLog(Tideline.Log.ILog log) : ForgetfulLog(log)
    {
        public int Reads { get; private set; }

        public int Filled { get; private set; }

        public override async ValueTask<IReadOnlyList<Tideline.Log.LogRecord>> ReadAsync(
            string topic, int partition, long afterOffset, int limit, CancellationToken cancel)
        {
            var records = await base.ReadAsync(topic, partition, afterOffset, limit, cancel);
            if (topic != Tideline.Log.Topics.AccountEvents) return records;
            Reads++;
            if (records.Count > 0) Filled++;
            return records;
        }
    }
}

/// <summary>Accounts opened in a currency.</summary>
internal sealed record Openings(long Count, SortedList<int, long> Clock);

[JsonSerializable(typeof(Openings))]
internal sealed partial class SampleJson : JsonSerializerContext;
