using Tideline.Engines.Ledger.MySql;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Queries;
using Tideline.Sagas;
using Tideline.Services.Accounts;
using Tideline.Tests.Flows;
using Tideline.Tools.Load;

namespace Tideline.Tests.Services;

/// <summary>
/// A service that only tests have: its command, event, topic, aggregate, saga and projection work on every engine, and
/// nothing outside <see cref="PledgeService"/> knows them.
/// </summary>
public abstract class SampleServiceTests : IAsyncLifetime
{
    private static readonly Currency Eur = Currency.Parse("EUR");
    private Installation _installation = null!;
    private TidelineNode _node = null!;

    private protected abstract Installation Install();

    public async ValueTask InitializeAsync()
    {
        _installation = Install();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_installation is not null) await FlowStage.EndAsync(_node, _installation);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Its_money_moves_its_events_are_copied_and_its_view_is_the_fold_of_them()
    {
        var (from, to) = (await AccountAsync(0, 1_000), await AccountAsync(1, 0));
        var first = await PledgeAsync(from, to, 100);
        var second = await PledgeAsync(from, to, 50);
        await SettledAsync(from, 850, to, 150);

        // A restart finds what was copied, and goes on after it.
        await _node.DisposeAsync();
        await StartAsync();
        var third = await PledgeAsync(from, to, 25);
        await SettledAsync(from, 825, to, 175);
        await LevelAsync();

        var copies = await _node.Log.ReadAsync(Pledge.Happened.Topic!, 0, 0, 10, default);
        copies.Select(copy => (copy.Subject, copy.Type, copy.Version)).ShouldBe(
            [(first, "MONEY_PLEDGED", 1), (second, "MONEY_PLEDGED", 1), (third, "MONEY_PLEDGED", 1)]);
        copies.Select(copy => copy.PreviousSeq).ShouldBe([0, copies[0].SourceSeq, copies[1].SourceSeq]);
        foreach (var copy in copies)
        {
            var original = (await _node.Ledger.Reader(0).GetEventsAsync(copy.SourceSeq - 1, 1, default)).Single();
            (original.Subject, original.Type).ShouldBe((copy.Subject, Pledge.Happened.Type));
            copy.Data.ToArray().ShouldBe(original.Data.ToArray());
        }

        var projection = _node.Projections["pledges"];
        var stored = (await _node.Views.ReadAsync(
            projection.Projector.Names.Documents, ["EUR"], default)).Single();
        var total = (PledgeTotal)projection.Definition.Documents!.Read(stored, out _)!;
        total.Minor.ShouldBe(175);
        (await projection.Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        var giver = (await _node.Ledger.ReaderOf(from).GetAccountAsync(from, default))!.CustomerId;
        var customer = (await _node.Services.Of<AccountsService>().Views!.Queries.GetCustomerAsync(
            giver, ReadConsistency.Eventual, default)).ShouldNotBeNull().Customer;
        customer.Parts.ShouldNotBeNull()["pledges"].GetRawText()
            .ShouldBe("""{"count":3,"currency":"EUR","amountMinor":175}""");
        customer.Clock.Keys.ShouldBe([giver, from, first, second, third], ignoreOrder: true);
        (await _node.Projections["customers"].Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        var kept = await _node.Ledger.Reader(0).GetAggregateAsync(first, default);
        (kept!.Kind, kept.State, kept.Version).ShouldBe(("pledge", "made", 1));
        var report = await _node.Verifier.VerifyAsync(deep: true, default);
        report.Checks.Where(check => !check.Ok).Select(check => check.Detail).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_its_saga_took_comes_back_when_nobody_takes_it()
    {
        var from = await AccountAsync(0, 1_000);
        await PledgeAsync(from, _node.Ledger.Map.NextOn(1, _node.Ledger.Ids), 100);
        await SettledAsync(from, 1_000, from, 1_000);
        (await _node.Sagas.ListAsync(SagaState.Compensated, 10, default)).Items.Single().Definition.ShouldBe("gift");
    }

    [Fact]
    public async Task What_it_refuses_has_a_problem_type_and_what_it_moves_has_its_own_kind()
    {
        var (from, to) = (await AccountAsync(0, 1_000), await AccountAsync(1, 0));
        var small = new Pledge(
            _node.Ledger.NextIdBeside(from), _node.Ledger.NextIdBeside(from), from, to, new Money(9, Eur));
        for (var time = 1; time <= 2; time++)
        {
            var refused = (await _node.Ledger.ExecuteAsync(small, default)).Refusal.ShouldNotBeNull();
            var type = ProblemTypes.Of(refused.Reason);
            (type.Name, type.Status).ShouldBe(("pledge-too-small", 422));
        }

        ProblemTypes.All.ShouldContain(type => type.Name == "pledge-too-small");
        await PledgeAsync(from, to, 100);
        await SettledAsync(from, 900, to, 100);
        var got = await _node.Ledger.ReaderOf(to).GetEventsAsync(0, 100, default);
        got.Select(happened => EventData.Parse(happened.Data.Span).Kind).OfType<string>().ShouldContain("gift");
        var check = (await _node.Verifier.VerifyAsync(deep: false, default)).Checks
            .Single(check => check.Name == "a pledge is made once");
        (check.Ok, check.Detail).ShouldBe((true, "shard 0: 1 pledge; shard 1: 0 pledges"));
        MySqlCodes.All.Where(code => code.Name is "gift" or "pledge-too-small" or "MONEY_PLEDGED")
            .Select(code => (code.Field, code.Number, code.Meaning)).ShouldBe(
            [
                ("transactions.kind", 190, "A pledge was kept."),
                ("outcomes.refusal_reason", 1_900, "The pledge is too small."),
                ("events.event_type", 900, "Money was pledged."),
            ]);
    }

    private async Task StartAsync()
    {
        var options = _installation.Node;
        _node = await TidelineNode.StartAsync(
            options with { Services = [.. options.Services, ServiceRegistration.Of(() => new PledgeService())] },
            default);
    }

    private async Task<Guid> AccountAsync(int shard, long minor)
    {
        var ledger = _node.Ledger;
        var customer = (await ledger.ExecuteAsync(
            new CreateCustomer(ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), default)).Subject;
        var account = (await ledger.ExecuteAsync(
            new OpenAccount(ledger.Map.NextOn(shard, ledger.Ids), customer, Eur, 0, null), default)).Subject;
        if (minor > 0)
            await ledger.ExecuteAsync(new Deposit(ledger.Ids.Next(), account, new Money(minor, Eur), null), default);
        return account;
    }

    private async Task<Guid> PledgeAsync(Guid from, Guid to, long minor)
    {
        var reply = await _node.Ledger.ExecuteAsync(
            new Pledge(
                _node.Ledger.NextIdBeside(from), _node.Ledger.NextIdBeside(from), from, to, new Money(minor, Eur)),
            default);
        reply.Refusal.ShouldBeNull();
        return reply.Subject;
    }

    private async Task SettledAsync(Guid from, long fromMinor, Guid to, long toMinor)
    {
        var ledger = _node.Ledger;
        for (var attempt = 0; attempt < 600; attempt++)
        {
            var (giver, taker) = (await ledger.ReaderOf(from).GetAccountAsync(from, default),
                await ledger.ReaderOf(to).GetAccountAsync(to, default));
            if (giver!.PostedMinor == fromMinor && giver.ReturnableMinor == 0 && taker!.PostedMinor == toMinor) return;
            await Task.Delay(50);
        }

        Assert.Fail($"The money is not where it should be: {fromMinor} and {toMinor}.");
    }

    private async Task LevelAsync()
    {
        for (var shard = 0; shard < 2; shard++)
        {
            foreach (var projection in _node.Projections.All)
                (await projection.Projector.WaitForAsync(
                    shard, _node.Ledger.CommittedHead(shard).EventSeq, TimeSpan.FromSeconds(30), default))
                    .ShouldBeTrue();
        }
    }
}

public sealed class EmbeddedSampleServiceTests : SampleServiceTests
{
    private protected override Installation Install() => FlowStage.Embedded();
}

public sealed class ClusterSampleServiceTests : SampleServiceTests
{
    private protected override Installation Install() => FlowStage.Cluster();
}
