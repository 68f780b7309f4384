using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>Who owns a shard of MySQL, and how that moves.</summary>
public sealed class OwnershipTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly MySqlDatabases _databases = new();
    private MySqlLedgerStore? _mine, _theirs;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_mine, _theirs) = (await _databases.OpenAsync(), await _databases.OpenAsync());

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
        (refused.Code, refused.Message.Contains($"process {Environment.ProcessId}", StringComparison.Ordinal)).ShouldBe((ErrorCode.AlreadyOwned, true));
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
        // It holds the lock of the head row, and says nothing.
        await paused.BeginAsync(Keys());
        await UntilAsync(async () =>
        {
            await other.AcquireAsync(Cancel);
            return true;
        });
        var writes = new BatchWrites { TimeUs = TimeUs };
        writes.Events.Add(Event(0, 1, EventType.CustomerCreated, Id(1), 1, new()));
        (await Should.ThrowAsync<TidelineException>(async () => await paused.CommitAsync(writes))).Code.ShouldBe(ErrorCode.NotOwner);
        (await Should.ThrowAsync<TidelineException>(async () => await paused.RenewAsync())).Code.ShouldBe(ErrorCode.NotOwner);
        await other.RenewAsync();
    }

    [Fact]
    public async Task A_ledger_stands_by_follows_the_owner_and_takes_over_what_it_acknowledged()
    {
        var first = await StartAsync(_mine!);
        await using var second = await StartAsync(_theirs!);
        (first.Owns(0), first.Owns(1), second.Owns(0), second.Owns(1)).ShouldBe((true, true, false, false));
        var refused = Should.Throw<TidelineException>(() => { _ = second.ExecuteAsync(Customer(second), Cancel).GetAwaiter().GetResult(); });
        refused.Code.ShouldBe(ErrorCode.NotOwner);

        var known = (await first.ExecuteAsync(Customer(first), Cancel)).Subject;
        var shard = first.Map.ShardOf(known);
        await UntilAsync(() => Task.FromResult(second.CommittedHead(shard).EventSeq == first.CommittedHead(shard).EventSeq));
        // Longer than the lease: an owner without work keeps its shards.
        await Task.Delay(Limits.LeaseMs + Limits.LeaseRenewMs, Cancel);
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
        await _databases.ExecuteAsync(0, "UPDATE head SET lease_until = '2000-01-01'");
        await using (var thief = _theirs!.OpenWriter(0))
        {
            await UntilAsync(async () =>
            {
                await _databases.ExecuteAsync(0, "UPDATE head SET lease_until = '2000-01-01'");
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
    public async Task A_process_has_every_shard_or_none_so_that_one_of_several_answers_for_all()
    {
        var other = _theirs!.OpenWriter(0);
        await other.AcquireAsync(Cancel);
        await using var ledger = await StartAsync(_mine!);
        (ledger.Owns(0), ledger.Owns(1)).ShouldBe((false, false));
        ledger.WhyNotOwner(1).ShouldNotBeNull().ShouldContain($"process {Environment.ProcessId}");
        await other.DisposeAsync();
        await UntilAsync(() => Task.FromResult(ledger.Owns(0) && ledger.Owns(1)));

        // It loses the first shard alone, and lets the other one go too.
        await using var thief = _theirs.OpenWriter(0);
        await UntilAsync(async () =>
        {
            await _databases.ExecuteAsync(0, "UPDATE head SET lease_until = '2000-01-01'");
            await thief.AcquireAsync(Cancel);
            return true;
        });
        await using var rest = _theirs.OpenWriter(1);
        await UntilAsync(async () =>
        {
            await thief.RenewAsync();
            await rest.AcquireAsync(Cancel);
            return true;
        });
        await UntilAsync(() => Task.FromResult(!ledger.Owns(0) && !ledger.Owns(1)));
    }

    private static CreateCustomer Customer(GeneralLedger ledger) => new(ledger.Map.NextOn(0, ledger.Ids), "Ada", "ada@example.com", "DE");

    private static Task<GeneralLedger> StartAsync(MySqlLedgerStore store) =>
        GeneralLedger.StartAsync(store, TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, Cancel);

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
