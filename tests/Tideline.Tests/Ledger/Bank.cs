using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Consistency;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Sagas;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;

namespace Tideline.Tests.Ledger;

/// <summary>
/// A ledger on a folder of its own, with short words for what tests do to it. Messages between shards move only when a
/// test pumps them.
/// </summary>
internal sealed class Bank : IAsyncDisposable
{
    private readonly ILedgerStore _store;
    private readonly string _folder;

    private Bank(ILedgerStore store, string folder, GeneralLedger ledger, TimeProvider time)
    {
        (_store, _folder, Ledger, Time) = (store, folder, ledger, time);
        Runner = new SagaRunner(ledger, Definitions);
        Payments = new Transfers(ledger, new SagaWaiters(ledger), time);
        Timers = new DueTimers(ledger, Definitions, Services.Timers, time, NullLogger<DueTimers>.Instance);
        Pump = new MessagePump(ledger, Runner);
        Operations = new SagaOperations(ledger, Definitions);
        Letters = new SagaLetters(ledger, Definitions);
    }

    public static Currency Eur { get; } = Currency.Parse("EUR");

    public GeneralLedger Ledger { get; }

    public TimeProvider Time { get; }

    public ServiceCatalog Services { get; } = ServiceRegistration.MakeAll(BankServices.All);

    public SagaDefinitions Definitions => Services.Sagas;

    public SagaRunner Runner { get; }

    public Transfers Payments { get; }

    public DueTimers Timers { get; }

    public MessagePump Pump { get; }

    public SagaOperations Operations { get; }

    public SagaLetters Letters { get; }

    public static string NewFolder() =>
        Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    public static async Task<Bank> OpenAsync(
        int shards = 2, TimeProvider? time = null, string? folder = null, Func<ILedgerStore, ILedgerStore>? wrap = null,
        bool acceptClock = false)
    {
        time ??= TimeProvider.System;
        folder ??= NewFolder();
        ILedgerStore store = SqliteLedgerStore.Open(folder, shards);
        store = wrap is null ? store : wrap(store);
        try
        {
            var ledger = await GeneralLedger.StartAsync(
                store, time, new IdGenerator(time), NullLogger.Instance, default, acceptClock: acceptClock);
            return new Bank(store, folder, ledger, time);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    public async Task<Guid> CustomerAsync(string name = "Ada")
    {
        var reply = await Ledger.ExecuteAsync(
            new CreateCustomer(Ledger.Ids.Next(), name, "ada@example.com", "DE"), default);
        reply.Refusal.ShouldBeNull();
        return reply.Subject;
    }

    public async Task<Guid> AccountAsync(
        int? shard = null, long balanceMinor = 0, long overdraftMinor = 0, string currency = "EUR")
    {
        var id = shard is { } number ? Ledger.Map.NextOn(number, Ledger.Ids) : Ledger.Ids.Next();
        var reply = await Ledger.ExecuteAsync(
            new OpenAccount(id, await CustomerAsync(), Currency.Parse(currency), overdraftMinor, null), default);
        reply.Refusal.ShouldBeNull();
        if (balanceMinor > 0) (await DepositAsync(id, balanceMinor, currency)).Refusal.ShouldBeNull();
        return id;
    }

    public Task<Reply> DepositAsync(Guid account, long minor, string currency = "EUR") =>
        Ledger.ExecuteAsync(
            new Deposit(Ledger.Ids.Next(), account, new Money(minor, Currency.Parse(currency)), null), default);

    public TransferRequest Transfer(Guid from, Guid to, long minor, string? key = null)
    {
        var text = key ?? Ledger.Ids.Next().ToString();
        var fingerprint = Idempotency.Fingerprint($"{from}|{to}|{minor}");
        return new TransferRequest(from, to, new Money(minor, Eur), "rent", Idempotency.Key("", text), fingerprint);
    }

    public async Task<AccountRow> ReadAsync(Guid account) =>
        (await Ledger.ReaderOf(account).GetAccountAsync(account, default)).ShouldNotBeNull();

    public async Task<SagaRow> SagaAsync(Guid id, int shard = 0) =>
        (await Ledger.Reader(shard).GetSagaAsync(id, default)).ShouldNotBeNull();

    /// <summary>What a system account of a shard holds; 0 before its first use.</summary>
    public async Task<long> HeldAsync(AccountKind kind, int shard, string currency = "EUR") =>
        (await Ledger.Reader(shard).GetAccountAsync(Ledger.SystemAccounts.Id(kind, Currency.Parse(currency), shard),
            default))?.PostedMinor ?? 0;

    /// <summary>Changes a shard behind the program's back. Returns how many rows.</summary>
    public long Tamper(int shard, string sql)
    {
        using var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "ledger", $"shard-{shard}.db"));
        database.Execute(sql);
        return database.Changes;
    }

    /// <summary>The checks of the ledger, without log and views.</summary>
    public async Task<VerifyReport> VerifyAsync(bool deep = false)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "verify")).FullName;
        await using var log = SqliteLog.Open(folder, TimeProvider.System);
        return await new Verifier(Ledger, Services, log, null, null, Time).VerifyAsync(deep, default);
    }

    /// <param name="areRowsEdited">Whether the test edited rows behind the ledger's back.</param>
    public async Task ShouldAddUpAsync(bool areRowsEdited = false)
    {
        for (var shard = 0; shard < Ledger.Map.Shards; shard++)
        {
            foreach (var (_, posted, _) in await Ledger.Reader(shard).GetTotalsAsync(default)) posted.ShouldBe(0);
            var own = shard;
            (await Ledger.Reader(shard).FindBrokenBalancesAsync(
                10, default, Returnables.Claims(Definitions, Ledger.SystemAccounts, own)))
                    .ShouldBeEmpty();
            var events = await Ledger.Reader(shard).GetEventsAsync(0, 100_000, default);
            events.Select(e => e.Position.Seq).ShouldBe(Enumerable.Range(1, events.Count).Select(seq => (long)seq));
            if (!areRowsEdited) await DigestsShouldAgreeAsync(shard);
        }
    }

    private async Task DigestsShouldAgreeAsync(int shard)
    {
        for (var look = 0; look < 100; look++)
        {
            var head = (await Ledger.Reader(shard).GetHeadAsync(default)).EventSeq;
            var rows = await DigestOfRowsAsync(shard);
            var events = await Ledger.Reader(shard).GetEventsAsync(0, 100_000, default);
            if (events.Count != head) continue;
            rows.Differences(DigestOf(events)).ShouldBeEmpty();
            return;
        }

        throw new TimeoutException("The shard does not become quiet.");
    }

    /// <summary>The digest of the customers and accounts of a shard.</summary>
    public async Task<DigestBuckets> DigestOfRowsAsync(int shard)
    {
        var digest = new DigestBuckets();
        var reader = Ledger.Reader(shard);
        var after = Guid.Empty;
        while (await reader.GetAccountsAsync(after, Limits.PageRows, default) is { Count: > 0 } page)
        {
            foreach (var row in page) digest.Add(LedgerDigest.BucketOf(row.CustomerId), LedgerDigest.Of(row));
            after = page[^1].Id;
        }

        after = Guid.Empty;
        while (await reader.GetCustomersAsync(after, Limits.PageRows, default) is { Count: > 0 } page)
        {
            foreach (var row in page) digest.Add(LedgerDigest.BucketOf(row.Id), LedgerDigest.Of(row));
            after = page[^1].Id;
        }

        return digest;
    }

    /// <summary>The digest that events come to.</summary>
    public static DigestBuckets DigestOf(IEnumerable<LedgerEvent> events)
    {
        var digest = new DigestBuckets();
        foreach (var happened in events)
        {
            var data = EventData.Parse(happened.Data.Span);
            digest.Add(LedgerDigest.BucketOf(data.CustomerId), LedgerDigest.Of(happened, data));
        }

        return digest;
    }

    /// <summary>Ends the ledger and leaves its folder for the next one.</summary>
    public async Task CloseAsync()
    {
        await Ledger.DisposeAsync();
        await _store.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
