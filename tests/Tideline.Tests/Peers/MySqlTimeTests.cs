using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Services.Payments.Statements;
using Tideline.Tests.Log;

namespace Tideline.Tests.Peers;

/// <summary>
/// Two processes on one strong tier: fences hold whoever owns the shard, and a wrong clock of one stamps nothing.
/// </summary>
public sealed class MySqlTimeTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly MySqlLedgerOptions _options = new()
    {
        Primaries = [ClusterUnderTest.MySql],
        Shards = 2,
        DatabasePrefix = $"tideline_time_{new IdGenerator(TimeProvider.System).Next():N}"[..40],
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        for (var shard = 0; shard < 2; shard++)
            await ExecuteAsync($"DROP DATABASE IF EXISTS {_options.DatabasePrefix}_{shard}");
    }

    [Fact]
    public async Task Consecutive_statements_of_two_processes_in_turn_hold_every_entry_once()
    {
        const int Writers = 3, Each = 60;
        await using var even = await PeerNode.StartAsync(_options, [0]);
        await using var odd = await PeerNode.StartAsync(_options, [1]);
        await SplitAsync(even, odd);
        var account = await even.AccountAsync(1);
        var nodes = (PeerNode[])[even, odd];
        var load = Task.WhenAll(
            Enumerable.Range(0, Writers).Select(writer => DepositAsync(nodes[writer % 2], account, Each)));
        var taken = new List<Statement>();
        for (var isLast = false; !isLast;)
        {
            isLast = load.IsCompleted;
            var from = taken.Count == 0 ? Beginning : taken[^1].To;
            taken.Add(await StatementAsync(nodes[taken.Count % 2], account, from, null));
        }

        await load;
        taken.Sum(statement => statement.Entries).ShouldBe(Writers * Each);
        taken[^1].ClosingMinor.ShouldBe(Writers * Each);
        taken.Zip(taken.Skip(1)).ShouldAllBe(pair => pair.First.ClosingMinor == pair.Second.OpeningMinor);
        foreach (var statement in taken)
        {
            foreach (var node in nodes)
            {
                var again = await StatementAsync(node, account, statement.From, statement.To);
                again.StatementId.ShouldBe(statement.StatementId);
            }
        }
    }

    [Fact]
    public async Task A_fence_holds_when_the_owner_goes_and_the_next_ones_clock_is_earlier()
    {
        await using var even = await PeerNode.StartAsync(_options, [0], system: new ShiftedTime(-0.8));
        var odd = await PeerNode.StartAsync(_options, [1], system: new ShiftedTime(0.8));
        await SplitAsync(even, odd);
        var account = await even.AccountAsync(1, 5);
        var before = await StatementAsync(even, account, Beginning, null);
        before.ClosingMinor.ShouldBe(5, "what was acknowledged is in a statement until now, whoever is asked");
        var fencedUs = odd.Ledger.NowUs(1);
        await odd.Ledger.FenceAsync(1, fencedUs, Cancel);
        await odd.DisposeAsync();
        await Eventually.IsTrueAsync(() => even.Ledger.Owns(1));

        (await even.DepositAsync(account, 2)).Refusal.ShouldBeNull();
        var newest = await even.Ledger.Reader(1).GetEntriesAsync(account, long.MaxValue, 1, Cancel);
        newest.Single().TimeUs.ShouldBeGreaterThan(fencedUs);
        (await StatementAsync(even, account, Beginning, before.To)).StatementId.ShouldBe(before.StatementId);
        (await StatementAsync(even, account, before.To, null)).OpeningMinor.ShouldBe(5);
    }

    [Theory]
    [InlineData(3_600)]
    [InlineData(-3_600)]
    [InlineData(315_360_000)]
    public async Task A_process_whose_system_clock_differs_from_MySQLs_says_so_and_stamps_by_MySQLs(int seconds)
    {
        await using var even = await PeerNode.StartAsync(_options, [0]);
        await using var odd = await PeerNode.StartAsync(_options, [1], system: new ShiftedTime(seconds));
        await SplitAsync(even, odd);
        even.Ledger.ClockFault().ShouldBeNull();
        odd.Ledger.ClockFault().ShouldNotBeNull().ShouldContain("system clock");
        for (var shard = 0; shard < 2; shard++)
        {
            await odd.AccountAsync(shard, 1);
            var timeUs = (await even.Ledger.Reader(shard).GetHeadAsync(Cancel)).TimeUs;
            Clock.FromUs(timeUs).ShouldBe(await ServerTimeAsync(), TimeSpan.FromMinutes(5));
        }
    }

    private static async Task DepositAsync(PeerNode node, Guid account, int deposits)
    {
        for (var deposit = 0; deposit < deposits; deposit++)
            (await node.DepositAsync(account, 1)).Refusal.ShouldBeNull();
    }

    private static async Task<Statement> StatementAsync(
        PeerNode node, Guid account, DateTimeOffset from, DateTimeOffset? to) =>
        (await new AccountStatements(node.Ledger).GetAsync(account, from, to, Cancel)).ShouldNotBeNull();

    private static Task SplitAsync(PeerNode even, PeerNode odd) => Eventually.IsTrueAsync(
        () => even.Ledger.Owns(0) && odd.Ledger.Owns(1)
            && even.Ledger.OwnerElsewhere(1) is not null && odd.Ledger.OwnerElsewhere(0) is not null);

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new MySqlConnection(ClusterUnderTest.MySql);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<DateTimeOffset> ServerTimeAsync()
    {
        await using var connection = new MySqlConnection(ClusterUnderTest.MySql);
        await connection.OpenAsync(Cancel);
        await using var command = new MySqlCommand($"SELECT {MySqlRows.NowUs}", connection);
        return Clock.FromUs((long)(await command.ExecuteScalarAsync(Cancel))!);
    }

    // A machine whose clock is set to another time.
    private sealed class ShiftedTime(double seconds) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddSeconds(seconds);
    }
}
