using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Services.Accounts;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>Who owns a shard of MySQL, and how that moves.</summary>
public sealed class OwnershipTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly MySqlDatabases _databases = new();
    private MySqlLedgerStore? _mine, _theirs;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        (_mine, _theirs) = (await _databases.OpenAsync(), await _databases.OpenAsync());

    public async ValueTask DisposeAsync()
    {
        if (_mine is not null) await _mine.DisposeAsync();
        if (_theirs is not null) await _theirs.DisposeAsync();
        await _databases.DisposeAsync();
    }

    [Fact]
    public async Task A_shard_whose_owner_was_heard_of_is_refused_by_its_name_and_is_free_when_that_releases_it()
    {
        var owner = _mine!.OpenWriter(0);
        await using var other = _theirs!.OpenWriter(0);
        await owner.AcquireAsync(Cancel);
        var refused = await Should.ThrowAsync<TidelineException>(async () => await other.AcquireAsync(Cancel));
        (refused.Code, refused.Message.Contains($"process {Environment.ProcessId}", StringComparison.Ordinal))
            .ShouldBe((ErrorCode.AlreadyOwned, true));
        await owner.BeginAsync(Keys());
        await owner.RollbackAsync();
        await owner.DisposeAsync();
        await other.AcquireAsync(Cancel);
    }

    [Fact]
    public async Task An_owner_that_stands_still_in_the_middle_of_a_batch_loses_the_shard_and_cannot_commit_any_more()
    {
        await using var paused = _mine!.OpenWriter(0);
        await using var other = _theirs!.OpenWriter(0);
        await paused.AcquireAsync(Cancel);
        // It holds the lock of the head row, and says nothing: an account that it does not know makes it ask.
        await paused.BeginAsync(Keys(Id(1)));
        await UntilAsync(async () =>
        {
            await other.AcquireAsync(Cancel);
            return true;
        });
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.Events.Add(Event(0, 1, EventType.CustomerCreated, Id(1), 1, new()));
        (await Should.ThrowAsync<TidelineException>(async () => await paused.CommitAsync(writes)))
            .Code.ShouldBe(ErrorCode.NotOwner);
        (await Should.ThrowAsync<TidelineException>(async () => await paused.RenewAsync()))
            .Code.ShouldBe(ErrorCode.NotOwner);
        await other.RenewAsync();
    }

    [Fact]
    public async Task A_ledger_stands_by_follows_the_owner_and_takes_over_what_it_acknowledged()
    {
        var first = await StartAsync(_mine!);
        await using var second = await StartAsync(_theirs!);
        (first.Owns(0), first.Owns(1), second.Owns(0), second.Owns(1)).ShouldBe((true, true, false, false));
        var refused = Should.Throw<TidelineException>(
            () => { _ = second.ExecuteAsync(Customer(second), Cancel).GetAwaiter().GetResult(); });
        refused.Code.ShouldBe(ErrorCode.NotOwner);

        var known = (await first.ExecuteAsync(Customer(first), Cancel)).Subject;
        var shard = first.Map.ShardOf(known);
        await UntilAsync(
            () => Task.FromResult(second.CommittedHead(shard).EventSeq == first.CommittedHead(shard).EventSeq));
        // Longer than the lease: an owner without work keeps its shards.
        await Task.Delay(LedgerLimits.LeaseMs + LedgerLimits.LeaseRenewMs, Cancel);
        (first.Owns(0), second.Owns(0)).ShouldBe((true, false));

        await first.DisposeAsync();
        await UntilAsync(() => Task.FromResult(second.Owns(0) && second.Owns(1)));
        (await second.ReaderOf(known).GetCustomerAsync(known, Cancel)).ShouldNotBeNull();
        (await second.ExecuteAsync(Customer(second), Cancel)).Refusal.ShouldBeNull();
    }

    [Fact]
    public async Task A_ledger_whose_shard_was_taken_stands_by_and_has_it_back_when_it_is_free()
    {
        await using var ledger = await StartAsync(_mine!);
        var epoch = ledger.OwnedEpoch(0);
        await _databases.ExecuteAsync(0, "UPDATE shard_head SET lease_until = '2000-01-01'");
        await using (var thief = _theirs!.OpenWriter(0))
        {
            await UntilAsync(async () =>
            {
                await _databases.ExecuteAsync(0, "UPDATE shard_head SET lease_until = '2000-01-01'");
                await thief.AcquireAsync(Cancel);
                return true;
            });
            await UntilAsync(() => Task.FromResult(!ledger.Owns(0)));
            ledger.WhyNotOwner(0).ShouldNotBeNull();
        }

        await UntilAsync(() => Task.FromResult(ledger.Owns(0)));
        ledger.OwnedEpoch(0).ShouldBeGreaterThan(epoch);
        (await ledger.ExecuteAsync(Customer(ledger), Cancel)).Refusal.ShouldBeNull();
    }

    [Fact]
    public async Task Each_shard_goes_to_the_process_that_prefers_it_and_nothing_acknowledged_is_lost_on_the_way()
    {
        await using var first = await _databases.OpenAsync(Prefers("a", 0));
        await using var second = await _databases.OpenAsync(Prefers("b", 1));
        await using var even = await StartAsync(first);
        // Shards that nobody ever had are taken at once.
        (even.Owns(0), even.Owns(1)).ShouldBe((true, true));
        var acknowledged = new List<Guid>();
        await using (var odd = await StartAsync(second))
        {
            // Traffic all the while: the owner hears of the one that prefers the shard while it commits, too.
            await UntilAsync(async () =>
            {
                if (even.TrySubmitHere(1, Customer(even, 1)) is { } here) acknowledged.Add((await here).Subject);
                return odd.Owns(1);
            });
            (even.Owns(0), even.Owns(1), odd.Owns(0), odd.Owns(1)).ShouldBe((true, false, false, true));
            even.WhyNotOwner(1).ShouldNotBeNull();
            await UntilAsync(() => Task.FromResult(
                even.OwnerElsewhere(1)?.Address == "http://b" && odd.OwnerElsewhere(0)?.Address == "http://a"));
            acknowledged.ShouldNotBeEmpty();
            foreach (var customer in acknowledged)
                (await odd.Reader(1).GetCustomerAsync(customer, Cancel)).ShouldNotBeNull();
            // An owner without work hears of it too.
            odd.Owns(0).ShouldBeFalse();
        }

        await UntilAsync(() => Task.FromResult(even.Owns(1)));
        foreach (var customer in acknowledged)
            (await even.Reader(1).GetCustomerAsync(customer, Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_shard_whose_owner_died_goes_to_one_that_does_not_prefer_it_when_nobody_else_took_it()
    {
        await using var dead = await _databases.OpenAsync(Prefers("a", 0));
        await using var other = await _databases.OpenAsync(Prefers("b", 1));
        var writer = dead.OpenWriter(0);
        await writer.AcquireAsync(Cancel);
        await using var ledger = await StartAsync(other);
        (ledger.Owns(0), ledger.Owns(1)).ShouldBe((false, true));
        // It is never heard of again.
        await UntilAsync(() => Task.FromResult(ledger.Owns(0)));
        // Its session has ended with its lease; on a new one it hears who owns the shard.
        await UntilAsync(async () => (await Should.ThrowAsync<TidelineException>(async () => await writer.RenewAsync()))
            .Code == ErrorCode.NotOwner);
        await writer.DisposeAsync();
        ledger.Owns(0).ShouldBeTrue();
    }

    [Fact]
    public async Task Two_processes_that_prefer_the_same_shards_do_not_fight_over_them()
    {
        await using var first = await _databases.OpenAsync(Prefers("a", 0, 1));
        await using var second = await _databases.OpenAsync(Prefers("b", 0, 1));
        await using var owner = await StartAsync(first);
        await using var standby = await StartAsync(second);
        var epochs = (owner.OwnedEpoch(0), owner.OwnedEpoch(1));
        await Task.Delay(LedgerLimits.LeaseMs + LedgerLimits.LeaseRenewMs, Cancel);
        (owner.OwnedEpoch(0), owner.OwnedEpoch(1), standby.Owns(0), standby.Owns(1))
            .ShouldBe((epochs.Item1, epochs.Item2, false, false));
        (await _databases.ReadAsync(0, "SELECT wanted_at < '2001-01-01' FROM shard_head")).ShouldBe(1L);
    }

    [Fact]
    public async Task A_process_that_nobody_reaches_gives_its_shards_to_one_that_answers()
    {
        // As a command that looks at the data of an installation whose processes are away.
        await using var visitor = await StartAsync(_mine!);
        await using var second = await _databases.OpenAsync(Prefers("b", 0, 1));
        await using var ledger = await StartAsync(second);
        await UntilAsync(() => Task.FromResult(ledger.Owns(0) && ledger.Owns(1)));
        (visitor.Owns(0), visitor.Owns(1)).ShouldBe((false, false));
    }

    [Fact]
    public async Task A_process_that_cannot_be_reached_yet_takes_no_shard()
    {
        var reachable = new TaskCompletionSource();
        await using var ledger = await GeneralLedger.StartAsync(_mine!,
            TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, Cancel, reachable.Task);
        await Task.Delay(2 * LedgerLimits.OwnershipPollMs, Cancel);
        (ledger.Owns(0), ledger.Owns(1)).ShouldBe((false, false));
        reachable.SetResult();
        await UntilAsync(() => Task.FromResult(ledger.Owns(0) && ledger.Owns(1)));
    }

    [Fact]
    public async Task A_shard_that_is_preferred_and_not_there_is_refused()
    {
        var refused = await Should.ThrowAsync<TidelineException>(() => _databases.OpenAsync(Prefers("a", 0, 2)));
        (refused.Code, refused.Message)
            .ShouldBe((ErrorCode.InvalidInput, "There is no shard 2 to prefer: the installation has shards 0 to 1."));
    }

    [Fact]
    public async Task Tables_are_made_by_several_processes_at_once_and_once_more()
    {
        await _databases.ExecuteAsync(0, "DROP TABLE aggregates, messages");
        await _databases.ExecuteAsync(0, "DELETE FROM schema_versions WHERE version = 1");
        foreach (var store in await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _databases.OpenAsync())))
            await store.DisposeAsync();
        // As after a crash between the change and the note that it was made.
        await _databases.ExecuteAsync(0, "DELETE FROM schema_versions WHERE version = 1");
        await using var again = await _databases.OpenAsync(Prefers("a", 0, 1));
        await using var ledger = await StartAsync(again);
        (await ledger.Reader(0).GetOwnerAsync(Cancel)).ShouldNotBeNull().Address.ShouldBe("http://a");
    }

    [Fact]
    public async Task A_shard_that_stopped_for_good_is_left_to_the_process_that_takes_it_over()
    {
        await using var first = await _databases.OpenAsync(Prefers("a", 0));
        await using var second = await _databases.OpenAsync(Prefers("b", 1));
        await using var stopped = await StartAsync(first);
        var heir = await StartAsync(second);
        stopped.CloseShard(0, new HistoryFault("It is not what was acknowledged.", new ManifestHead(0, 1, "", 0, 1)));
        // Nobody has it: what is asked for fails at once, and nothing is known of now.
        Should.Throw<TidelineException>(() => { _ = stopped.TrySubmitHere(0, Customer(stopped, 0)); })
            .Code.ShouldBe(ErrorCode.Corrupt);
        stopped.KnownUs(0).ShouldBeLessThan(stopped.NowUs(0));
        await UntilAsync(() => Task.FromResult(
            heir.Owns(0) && !stopped.Owns(0) && stopped.OwnerElsewhere(0)?.Address == "http://b"));
        // It goes there.
        stopped.TrySubmitHere(0, Customer(stopped, 0)).ShouldBeNull();
        var known = (await heir.ExecuteAsync(Customer(heir, 0), Cancel)).Position;
        await UntilAsync(() => Task.FromResult(stopped.CommittedHead(0).EventSeq >= known.Seq));
        await heir.DisposeAsync();
        await UntilAsync(() => Task.FromResult(stopped.Owns(1) && stopped.OwnerElsewhere(0) is null));
        await Task.Delay(LedgerLimits.OrphanMs + 2 * LedgerLimits.OwnershipPollMs, Cancel);
        (stopped.Owns(0), stopped.Owns(1), stopped.WhyStopped(0)).ShouldBe(
            (false, true, "It is not what was acknowledged."));
        // It waits for the other one, which may only be starting again.
        stopped.TrySubmitHere(0, Customer(stopped, 0)).ShouldBeNull();
    }

    [Fact]
    public async Task A_refused_shard_whose_row_names_this_process_still_answers_no_read()
    {
        await using var store = await _databases.OpenAsync(Prefers("a", 0, 1));
        var fault = new HistoryFault("It is not what was acknowledged.", new ManifestHead(0, 1, "", 0, 1));
        await using var ledger = await GeneralLedger.StartAsync(
            store, TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, Cancel,
            findFault: (_, shard, _) => Task.FromResult(shard == 0 ? fault : null));
        // As if its release had not arrived: the row names this process for a while.
        await _databases.ExecuteAsync(0, "UPDATE shard_head SET lease_until = UTC_TIMESTAMP(6) + INTERVAL 60 SECOND");
        await UntilAsync(() => Task.FromResult(ledger.OwnerElsewhere(0)?.Address == "http://a"));
        Should.Throw<TidelineException>(() => { _ = ledger.Reader(0); }).Code.ShouldBe(ErrorCode.Corrupt);
        ledger.Reader(1).ShouldNotBeNull();
    }

    private static (ShardOwner Owner, HashSet<int> Own) Prefers(string name, params int[] shards) =>
        (new ShardOwner(name,
            $"http://{name}", new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16))), [.. shards]);

    private static CreateCustomer Customer(GeneralLedger ledger, int shard) =>
        new(ledger.Map.NextOn(shard, ledger.Ids), "Ada", "ada@example.com", "DE");

    private static CreateCustomer Customer(GeneralLedger ledger) =>
        new(ledger.Map.NextOn(0, ledger.Ids), "Ada", "ada@example.com", "DE");

    private static Task<GeneralLedger> StartAsync(MySqlLedgerStore store) =>
        GeneralLedger.StartAsync(
            store, TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, Cancel);

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        late.CancelAfter(Limit);
        while (true)
        {
            try
            {
                if (await isSo()) return;
            }
            catch (TidelineException fault) when (fault.Code is ErrorCode.AlreadyOwned or ErrorCode.StorageUnavailable)
            {
                // Not yet.
            }

            await Task.Delay(50, late.Token);
        }
    }
}
