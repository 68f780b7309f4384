using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>What an owner keeps of the rows that it wrote.</summary>
public sealed class KnownRowsTests : IAsyncDisposable
{
    private const ulong Seed = 11;
    private readonly RowCache _known = new();
    private readonly MySqlDatabases _databases = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _databases.DisposeAsync();

    [Fact]
    public void Accounts_written_lately_are_known_and_those_before_go()
    {
        for (var number = 1; number <= 2 * MySqlLimits.KnownAccounts; number++)
            _known.Learn(Wrote(Account(Id(number), Id(0), postedMinor: number)));
        var newest = Given(2 * MySqlLimits.KnownAccounts).ShouldNotBeNull();
        newest.PostedMinor.ShouldBe(2 * MySqlLimits.KnownAccounts);
        Given(2 * MySqlLimits.KnownAccounts - MySqlLimits.KnownAccounts / 2 + 1).ShouldNotBeNull();
        Given(2 * MySqlLimits.KnownAccounts - MySqlLimits.KnownAccounts).ShouldBeNull();
        Given(1).ShouldBeNull();
    }

    [Fact]
    public void The_newest_state_is_given_also_where_an_older_one_is_still_kept()
    {
        _known.Learn(Wrote(Account(Id(1), Id(0), postedMinor: 1)));
        for (var number = 2; number <= MySqlLimits.KnownAccounts / 2 + 1; number++)
            _known.Learn(Wrote(Account(Id(number), Id(0))));
        _known.Learn(Wrote(Account(Id(1), Id(0), postedMinor: 2)));
        Given(1)!.PostedMinor.ShouldBe(2);
        _known.Clear();
        Given(1).ShouldBeNull();
    }

    [Fact]
    public void An_aggregate_is_known_until_it_is_at_rest()
    {
        var open = Aggregate(Id(1), "open");
        var writes = new BatchWrites();
        writes.NewAggregates.Add(open);
        _known.Learn(writes);
        var rows = new BatchRows();
        _known.Give(new BatchKeys { Aggregates = { Id(1) } }, rows).ShouldBeTrue();
        rows.Aggregates[Id(1)].ShouldBe(open);
        writes = new BatchWrites();
        writes.ChangedAggregates.Add(open with { State = "paid", AtRest = true });
        _known.Learn(writes);
        _known.Give(new BatchKeys { Aggregates = { Id(1) } }, new BatchRows()).ShouldBeFalse();
    }

    [Fact]
    public void Customers_holds_and_claims_are_always_read()
    {
        _known.Give(new BatchKeys(), new BatchRows()).ShouldBeTrue();
        _known.Give(new BatchKeys { Outcomes = { Id(1) }, Transactions = { Id(2) } }, new BatchRows()).ShouldBeTrue();
        foreach (var keys in (BatchKeys[])[new() { Customers = { Id(1) } }, new() { Holds = { Id(1) } },
            new() { Claims = { Key("X") } }]) _known.Give(keys, new BatchRows()).ShouldBeFalse();
    }

    [Fact]
    public async Task Balances_follow_what_was_acknowledged_while_sessions_end_and_keys_repeat()
    {
        await using var store = await _databases.OpenAsync();
        var ids = new IdGenerator(TimeProvider.System);
        await using var ledger = await GeneralLedger.StartAsync(
            store, TimeProvider.System, ids, NullLogger.Instance, Cancel);
        var accounts = new Guid[8];
        for (var index = 0; index < accounts.Length; index++)
        {
            var customer = (await ledger.ExecuteAsync(
                new CreateCustomer(ledger.Map.NextOn(0, ids), "Ada", "ada@example.com", "DE"), Cancel)).Subject;
            accounts[index] = (await ledger.ExecuteAsync(
                new OpenAccount(ledger.Map.NextOn(0, ids), customer, Euro, 0, null), Cancel)).Subject;
        }

        var done = await Task.WhenAll(Enumerable.Range(0, accounts.Length)
            .Select(client => Task.Run(() => PayInAndOutAsync(ledger, ids, accounts[client], client), Cancel)));
        for (var index = 0; index < accounts.Length; index++)
        {
            (await ledger.Reader(0).GetAccountAsync(accounts[index], Cancel))!.PostedMinor.ShouldBe(
                done[index].Balance, $"seed {Seed}, account {index}");
        }

        done.Sum(each => each.Repeats).ShouldBeGreaterThan(0);
        (await ledger.Reader(0).FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
    }

    // One client of one account, so that what it was answered is the whole truth about it.
    private async Task<(long Balance, int Repeats)> PayInAndOutAsync(
        GeneralLedger ledger, IdGenerator ids, Guid account, int client)
    {
        var random = new Random((int)Seed + client);
        var (balance, repeats) = (0L, 0);
        (LedgerCommand Command, Reply Reply)? last = null;
        for (var number = 0; number < 120; number++)
        {
            if (client == 0 && number % 20 == 10) await _databases.EndSessionsAsync(0);
            var amount = new Money(1 + random.Next(50), Euro);
            var isRepeat = last is not null && random.Next(4) == 0;
            var (key, print) = (ledger.Map.NextOn(0, ids), ids.Next());
            LedgerCommand command = isRepeat ? last!.Value.Command
                : random.Next(2) == 0
                    ? new Deposit(ids.Next(), account, amount, null) { Key = key, Fingerprint = print }
                : new Withdraw(ids.Next(), account, amount, null) { Key = key, Fingerprint = print };
            var reply = await AnsweredAsync(ledger, command);
            var place = $"seed {Seed}, client {client}, command {number}";
            if (isRepeat)
            {
                reply.ShouldBe(last!.Value.Reply with { IsRepeat = true }, place);
                repeats++;
                continue;
            }

            if (reply.Refusal is null)
                reply.BalanceMinor.ShouldBe(balance += command is Deposit ? Amount(command) : -Amount(command), place);
            last = (command, reply with { IsRepeat = false });
        }

        return (balance, repeats);
    }

    private static long Amount(LedgerCommand command) => command is Deposit deposit
        ? deposit.Amount.Minor
        : ((Withdraw)command).Amount.Minor;

    // As a client does that is told to repeat with the same key.
    private static async Task<Reply> AnsweredAsync(GeneralLedger ledger, LedgerCommand command)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ledger.ExecuteAsync(command, Cancel);
            }
            catch (TidelineException fault) when (fault.IsTransient && attempt < 100)
            {
                await Task.Delay(20, Cancel);
            }
        }
    }

    private AccountRow? Given(int number)
    {
        var rows = new BatchRows();
        _known.Give(Keys(Id(number)), rows);
        return rows.Accounts.GetValueOrDefault(Id(number));
    }

    private static BatchWrites Wrote(AccountRow account)
    {
        var writes = new BatchWrites();
        writes.ChangedAccounts.Add(account);
        return writes;
    }
}
