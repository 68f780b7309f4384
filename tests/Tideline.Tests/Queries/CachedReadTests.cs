using Tideline.Queries;
using Tideline.Services.Accounts;
using Tideline.Tests.Services.Accounts;

namespace Tideline.Tests.Queries;

public sealed class CachedReadTests
{
    [Fact]
    public async Task The_second_read_comes_from_the_cache_and_tells_how_old_it_may_be()
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        var first = await stage.ReadAsync(ada, ReadConsistency.Eventual);
        (first.ServedBy, first.StalenessMs).ShouldBe((ServedBy.View, 0));
        stage.Pass(300);
        var second = await stage.ReadAsync(ada, ReadConsistency.Eventual);
        (second.ServedBy, second.StalenessMs).ShouldBe((ServedBy.Cache, 300));
        Projections.Stage.Json(second.Customer).ShouldBe(Projections.Stage.Json(first.Customer));
    }

    [Fact]
    public async Task What_the_views_lacked_at_the_fill_counts_as_old()
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.Stage.Bank.DepositAsync(accounts[0], 7);
        stage.Pass(40);
        (await stage.ReadAsync(ada, ReadConsistency.Eventual)).StalenessMs.ShouldBe(40);
        stage.Pass(2);
        var read = await stage.ReadAsync(ada, ReadConsistency.Eventual);
        (read.ServedBy, read.StalenessMs).ShouldBe((ServedBy.Cache, 42));
        (await stage.SumAsync(ada, ReadConsistency.Bounded(43))).ShouldBe((20_000, ServedBy.Cache));
        (await stage.SumAsync(ada, ReadConsistency.Bounded(41))).ShouldBe((20_007, ServedBy.Ledger));
    }

    [Fact]
    public async Task A_session_read_after_a_write_gets_no_older_document()
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.ReadAsync(ada, ReadConsistency.Eventual);
        var written = await stage.Stage.Bank.DepositAsync(accounts[0], 7);
        var session = ReadConsistency.Session([written.Position]);
        (await stage.SumAsync(ada, session)).ShouldBe((20_007, ServedBy.Ledger));

        // The views have it, and nobody told the cache yet.
        await stage.Stage.FlowAsync();
        (await stage.SumAsync(ada, ReadConsistency.Eventual)).ShouldBe((20_000, ServedBy.Cache));
        (await stage.SumAsync(ada, session)).ShouldBe((20_007, ServedBy.View));
        stage.Pass(1);
        (await stage.SumAsync(ada, session)).ShouldBe((20_007, ServedBy.Cache));
        (await stage.SumAsync(ada, ReadConsistency.Session([written.Position with { Seq = written.Position.Seq - 1 }])))
            .ShouldBe((20_007, ServedBy.Cache));
    }

    [Fact]
    public async Task A_bounded_read_takes_nothing_older_and_a_strong_one_nothing_at_all()
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.ReadAsync(ada, ReadConsistency.Eventual);
        stage.Pass(100);
        (await stage.ReadAsync(ada, ReadConsistency.Bounded(101))).ServedBy.ShouldBe(ServedBy.Cache);
        (await stage.ReadAsync(ada, ReadConsistency.Bounded(100))).ServedBy.ShouldBe(ServedBy.View);
        // The one before made it as fresh as now, which is still not proof of all that is committed.
        (await stage.ReadAsync(ada, ReadConsistency.Bounded(1))).ServedBy.ShouldBe(ServedBy.Cache);
        (await stage.ReadAsync(ada, ReadConsistency.Bounded(0))).ServedBy.ShouldBe(ServedBy.View);
        (await stage.ReadAsync(ada, ReadConsistency.Strong)).ServedBy.ShouldBe(ServedBy.Ledger);
    }

    [Fact]
    public async Task A_change_that_was_announced_is_read_from_the_views_once()
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.ReadAsync(ada, ReadConsistency.Eventual);
        await stage.Stage.Bank.DepositAsync(accounts[0], 7);
        await stage.Stage.FlowAsync();
        await stage.AnnounceAsync();
        (await stage.SumAsync(ada, ReadConsistency.Eventual)).ShouldBe((20_007, ServedBy.View));
        stage.Pass(1);
        (await stage.SumAsync(ada, ReadConsistency.Eventual)).ShouldBe((20_007, ServedBy.Cache));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fill_that_was_overtaken_by_a_change_is_refused(bool flushed)
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        stage.Cache.BeforeFill = async () =>
        {
            await stage.Stage.Bank.DepositAsync(accounts[0], 7);
            await stage.Stage.FlowAsync();
            await stage.AnnounceAsync();
            if (!flushed) return;
            // With the announcement gone, only the lease tells that the fill is late: somebody else's look has made the
            // key anew.
            stage.Cache.Flush();
            await stage.Cache.GetAsync(
                ViewCache.Key(stage.Stage.Customers.Projector.Names.Documents, ada.ToString()), default);
        };
        (await stage.SumAsync(ada, ReadConsistency.Eventual)).ShouldBe((20_000, ServedBy.View));
        stage.Counts[CacheOutcome.FillRefused].ShouldBe(1);
        (await stage.SumAsync(ada, ReadConsistency.Eventual)).ShouldBe((20_007, ServedBy.View));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_customer_with_dead_letters_is_neither_cached_nor_read_from_the_cache(bool whileItIsRead)
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        var right = await stage.Stage.ViewAsync(ada);
        await stage.Stage.TamperAsync(ada,
            document => document with { Clock = new SortedList<Guid, long>(document.Clock) { [accounts[0]] = 1 } });
        await stage.RestartAsync();
        if (!whileItIsRead) await stage.ReadAsync(ada, ReadConsistency.Eventual);

        var session = ReadConsistency.Eventual;
        async Task BlockAsync()
        {
            session = ReadConsistency.Session([(await stage.Stage.Bank.DepositAsync(accounts[0], 7)).Position]);
            await stage.Stage.FlowAsync();
        }

        if (whileItIsRead) stage.Cache.AfterGet = BlockAsync;
        else await BlockAsync();
        for (var times = 0; times < 2; times++)
        {
            var blocked = await stage.ReadAsync(ada, ReadConsistency.Eventual);
            (blocked.ServedBy, blocked.IsBlocked).ShouldBe((ServedBy.View, true));
        }

        (await stage.SumAsync(ada, session)).ShouldBe((20_007, ServedBy.Ledger));

        // Repaired and replayed, and no announcement came through: by its positions alone, what was read meanwhile
        // would look whole.
        await stage.Stage.TamperAsync(ada, _ => right!);
        await stage.Stage.Customers.DeadLetters.ReplayAsync(ada.ToString(), dryRun: false, default);
        (await stage.SumAsync(ada, session)).ShouldBe((20_007, ServedBy.View));
    }

    [Fact]
    public async Task That_there_is_no_customer_is_not_cached()
    {
        await using var stage = await CachedStage.OpenAsync();
        var bank = stage.Stage.Bank;
        var id = bank.Ledger.Ids.Next();
        for (var times = 0; times < 2; times++)
            (await stage.Stage.Reads.Queries.GetCustomerAsync(id, ReadConsistency.Eventual, default))
                .ShouldBeNull();
        await bank.Ledger.ExecuteAsync(new CreateCustomer(id, "Ada", "ada@example.com", "DE"), default);
        await stage.Stage.FlowAsync();
        Profiles.NameOf((await stage.ReadAsync(id, ReadConsistency.Eventual)).Customer).ShouldBe("Ada");
    }

    [Fact]
    public async Task Another_version_of_the_views_has_entries_of_its_own()
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.ReadAsync(ada, ReadConsistency.Eventual);
        await stage.Stage.TamperAsync(ada, document => document.Named("Eve"));
        stage.Pass(1);
        (await stage.ReadAsync(ada, ReadConsistency.Eventual)).ServedBy.ShouldBe(ServedBy.Cache);
        (await stage.Stage.Customers.Rebuild.RunAsync(force: true, default)).Phase.ShouldBe("switched");
        var rebuilt = await stage.ReadAsync(ada, ReadConsistency.Eventual);
        (rebuilt.ServedBy, Profiles.NameOf(rebuilt.Customer)).ShouldBe((ServedBy.View, "Ada"));
    }

    [Fact]
    public async Task Days_that_left_the_window_leave_a_cached_document_too()
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        stage.Time.SetUtcNow(new DateTimeOffset(2026, 3, 30, 23, 59, 59, 500, TimeSpan.Zero));
        (await stage.ReadAsync(ada, ReadConsistency.Eventual)).Customer.Transactions.Last30Days.Count.ShouldBe(2);
        stage.Pass(1_000);
        var read = await stage.ReadAsync(ada, ReadConsistency.Eventual);
        (read.ServedBy, read.Customer.Transactions.Last30Days.Count).ShouldBe((ServedBy.Cache, 0));
    }

    [Fact]
    public async Task A_cache_that_is_gone_changes_no_answer()
    {
        await using var stage = await CachedStage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        stage.Cache.IsGone = true;
        for (var times = 1; times <= 3; times++)
        {
            var written = await stage.Stage.Bank.DepositAsync(accounts[1], 1);
            await stage.Stage.FlowAsync();
            await stage.AnnounceAsync();
            foreach (var asked in new[]
            {
                ReadConsistency.Eventual, ReadConsistency.Bounded(5), ReadConsistency.Session([written.Position])
            })
                (await stage.SumAsync(ada, asked)).ShouldBe((20_000 + times, ServedBy.View));
        }

        stage.Counts[CacheOutcome.ReadFault].ShouldBe(9);
        stage.Counts[CacheOutcome.InvalidationFault].ShouldBe(3);
        stage.Counts[CacheOutcome.Filled].ShouldBe(0);
        stage.Cache.IsGone = false;
        stage.Pass(1);
        (await stage.SumAsync(ada, ReadConsistency.Eventual)).ShouldBe((20_003, ServedBy.View));
        (await stage.SumAsync(ada, ReadConsistency.Eventual)).ShouldBe((20_003, ServedBy.Cache));
    }
}
