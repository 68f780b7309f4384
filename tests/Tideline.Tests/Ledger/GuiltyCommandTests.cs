using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.MySql;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Tests.Gateway;
using Tideline.Tests.Log;

namespace Tideline.Tests.Ledger;

/// <summary>One command that cannot be carried out, in a batch with many that can: it fails alone.</summary>
public sealed class GuiltyCommandTests : IAsyncDisposable
{
    private const int Innocents = 40;
    private readonly KeptLogs _logs = new();
    private readonly string _name = $"tideline_guilty_{new IdGenerator(TimeProvider.System).Next():N}"[..40];
    private FaultyStore? _store;
    private GeneralLedger? _opened;
    private Func<Task> _remove = () => Task.CompletedTask;
    private Guid _account;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FaultyStore Faults => _store!;

    private GeneralLedger Ledger => _opened!;

    public async ValueTask DisposeAsync()
    {
        _logs.Dispose();
        if (_opened is not null) await _opened.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        await _remove();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_row_that_the_engine_refuses_fails_its_command_alone(bool mySql)
    {
        await OpenAsync(mySql);
        // No client can bring an id: here the program itself gives one twice.
        var id = Ledger.NextIdBeside(_account);
        List<LedgerCommand> commands = [.. Enumerable.Range(0, Innocents).Select(_ => Deposit(keyed: true))];
        // Not in one batch with the other, which would see it.
        (await Ledger.ExecuteAsync(Deposit(keyed: false) with { TransactionId = id }, Cancel)).Refusal.ShouldBeNull();
        commands.Insert(30, Deposit(keyed: true) with { TransactionId = id });
        var ends = await InOneBatchAsync(commands);

        for (var number = 0; number < ends.Count; number++)
            ends[number].Fault.ShouldBe(number == 30 ? ErrorCode.Internal : null, $"command {number}");
        await ShouldHoldAsync(Innocents + 1);
        (await Ledger.ExecuteAsync(Deposit(keyed: true), Cancel)).BalanceMinor.ShouldBe(Innocents + 2);
    }

    [Fact]
    public async Task Each_of_several_guilty_commands_fails_and_every_other_one_goes_through()
    {
        await OpenAsync(mySql: false);
        var commands = Enumerable.Range(0, Innocents).Select(_ => (LedgerCommand)Deposit(keyed: true)).ToList();
        int[] guilty = [0, 1, 13, Innocents - 1];
        var keys = guilty.Select(number => commands[number].Key).ToHashSet();
        Faults.Refuses = row => keys.Contains(row.Key);
        var ends = await InOneBatchAsync(commands);

        for (var number = 0; number < ends.Count; number++)
            ends[number].Fault.ShouldBe(guilty.Contains(number) ? ErrorCode.Internal : null, $"command {number}");
        await ShouldHoldAsync(Innocents - guilty.Length);
        // Nothing of a guilty one is kept: its key is free.
        Faults.Refuses = null;
        (await Ledger.ExecuteAsync(commands[13], Cancel)).BalanceMinor.ShouldBe(Innocents - guilty.Length + 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_that_throws_fails_alone(bool whenItNamesItsRows)
    {
        await OpenAsync(mySql: false);
        List<LedgerCommand> commands = [.. Enumerable.Range(0, Innocents).Select(_ => Deposit(keyed: true))];
        commands.Insert(20, new Throwing(_account, whenItNamesItsRows));
        var ends = await InOneBatchAsync(commands);
        for (var number = 0; number < ends.Count; number++)
            ends[number].Fault.ShouldBe(number == 20 ? ErrorCode.Internal : null, $"command {number}");
        await ShouldHoldAsync(Innocents);
    }

    [Fact]
    public async Task A_full_disk_is_nobodys_fault_and_is_met_once()
    {
        await OpenAsync(mySql: false);
        Faults.IsFull = true;
        var before = Faults.Commits;
        var ends = await InOneBatchAsync([.. Enumerable.Range(0, Innocents).Select(_ => Deposit(keyed: true))]);
        ends.ShouldAllBe(end => end.Fault == ErrorCode.StorageUnavailable);
        // One for the command that holds the writer, one for the batch.
        (Faults.Commits - before).ShouldBe(2);
        // Both are one story for who reads the log.
        _logs.Warnings.ShouldHaveSingleItem()
            .ShouldContain("commits fail until further notice: The disk is full.");
        Faults.IsFull = false;
        (await Ledger.ExecuteAsync(Deposit(keyed: true), Cancel)).Refusal.ShouldBeNull();
    }

    private async Task OpenAsync(bool mySql)
    {
        ILedgerStore store;
        if (mySql)
        {
            var primaries = new[] { ClusterUnderTest.MySql };
            var options = new MySqlLedgerOptions { Primaries = primaries, Shards = 1, DatabasePrefix = _name };
            _remove = DropAsync;
            store = await MySqlLedgerStore.OpenAsync(options, TimeProvider.System, NullLogger.Instance, Cancel);
        }
        else
        {
            var folder = Path.Combine(Path.GetTempPath(), _name);
            _remove = () => Task.Run(() => Directory.Delete(folder, recursive: true));
            store = SqliteLedgerStore.Open(folder, 1);
        }

        _store = new FaultyStore(store);
        var (time, ids) = (TimeProvider.System, new IdGenerator(TimeProvider.System));
        _opened = await GeneralLedger.StartAsync(_store, time, ids, _logs, Cancel);
        var ada = new CreateCustomer(ids.Next(), "Ada", "ada@example.com", "DE");
        (await Ledger.ExecuteAsync(ada, Cancel)).Refusal.ShouldBeNull();
        var open = new OpenAccount(ids.Next(), ada.CustomerId, Bank.Eur, 0, null);
        _account = (await Ledger.ExecuteAsync(open, Cancel)).Subject;
    }

    // The writer is held in the commit of another command until all of them wait for it.
    private async Task<IReadOnlyList<(Reply? Reply, ErrorCode? Fault)>> InOneBatchAsync(List<LedgerCommand> commands)
    {
        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Faults.BeforeCommit = _ =>
        {
            entered.Set();
            go.Wait(TimeSpan.FromMinutes(2)).ShouldBeTrue();
        };
        var first = EndAsync(new SetAccountStatus(_account, AccountStatus.Open));
        entered.Wait(TimeSpan.FromMinutes(2)).ShouldBeTrue();
        var ends = commands.Select(EndAsync).ToList();
        await Eventually.IsTrueAsync(() => Ledger.QueueDepth(0) == commands.Count);
        Faults.BeforeCommit = null;
        go.Set();
        await first;
        return await Task.WhenAll(ends);
    }

    private async Task<(Reply? Reply, ErrorCode? Fault)> EndAsync(LedgerCommand command)
    {
        try
        {
            return (await Ledger.ExecuteAsync(command, Cancel), null);
        }
        catch (TidelineException fault)
        {
            return (null, fault.Code);
        }
    }

    private async Task ShouldHoldAsync(long deposits)
    {
        (await Ledger.Reader(0).GetAccountAsync(_account, Cancel))!.PostedMinor.ShouldBe(deposits);
        (await Ledger.Reader(0).FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
        var events = await Ledger.Reader(0).GetEventsAsync(0, 10_000, Cancel);
        events.Select(one => one.Position.Seq).ShouldBe(Enumerable.Range(1, events.Count).Select(seq => (long)seq));
    }

    private Deposit Deposit(bool keyed)
    {
        var deposit = new Deposit(Ledger.NextIdBeside(_account), _account, new Money(1, Bank.Eur), null);
        return keyed ? deposit with { Key = Ledger.Ids.Next(), Fingerprint = Ledger.Ids.Next() } : deposit;
    }

    private async Task DropAsync()
    {
        await using var connection = new MySqlConnector.MySqlConnection(ClusterUnderTest.MySql);
        await connection.OpenAsync();
        await using var drop = new MySqlConnector.MySqlCommand($"DROP DATABASE IF EXISTS {_name}_0", connection);
        await drop.ExecuteNonQueryAsync();
    }

    private sealed record Throwing(Guid AccountId, bool WhenItNamesItsRows) : LedgerCommand
    {
        public override Guid RouteId => AccountId;

        internal override Guid Subject => AccountId;

        internal override void Collect(BatchKeys keys, ShardContext context)
        {
            if (WhenItNamesItsRows) throw new InvalidOperationException("Its rows cannot be named.");
            keys.Accounts.Add(AccountId);
        }

        internal override Reply Decide(Batch batch) => throw new InvalidOperationException("It cannot be decided.");
    }
}
