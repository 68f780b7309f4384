using System.Collections.Concurrent;
using System.Diagnostics;
using Bogus;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;

namespace Tideline.Host.Demo;

/// <summary>
/// Generates realistic movements: purchases, card payments that are held and captured, transfers between friends within
/// and across shards, rents, salaries, and sometimes a payment that the account cannot cover. Paced, with a bounded
/// number in flight.
/// </summary>
internal sealed class DemoTraffic(TidelineNode node, DemoCustomers customers, int perSecond) : IAsyncDisposable
{
    public const int MaxPerSecond = 5_000;
    private const int TicksPerSecond = 20;
    private const int MaxInFlight = 512;
    private const long HoldUs = 600_000_000;

    private static readonly string[] Shops = ["Bakery Kessler", "Metro ticket", "Greengrocer Lotte", "Streaming "
        + "monthly", "Bookshop am Dom", "Coffee bar", "Pharmacy", "Fuel station", "Cinema Lux", "Hardware store"];
    private static readonly string[] Words =
        ["Dinner on Friday", "Concert tickets", "Thanks!", "Birthday present", "Shared taxi", "Holiday fund"];

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _slots = new(MaxInFlight);
    private readonly ConcurrentQueue<double> _latenciesMs = new();
    private readonly Randomizer _random = new(Environment.ProcessId);

    private readonly List<DemoCustomer> _people = [.. customers.All.Skip(DemoCustomers.Reserved)];
    private Task _loop = Task.CompletedTask;
    private int _disposed;

    /// <summary>Completed movements.</summary>
    public long Done;

    /// <summary>Transfers that settled across shards.</summary>
    public long AcrossShards;

    /// <summary>Refused movements; some are expected.</summary>
    public long Refused;

    /// <summary>Movements that ended with a fault.</summary>
    public long Failed;

    public void Start() => _loop = _people.Count == 0 ? Task.CompletedTask : Task.Run(RunAsync);

    /// <summary>The latencies since the last call, milliseconds.</summary>
    public List<double> TakeLatencies()
    {
        var taken = new List<double>();
        while (_latenciesMs.TryDequeue(out var latency)) taken.Add(latency);
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stop.CancelAsync();
        await _loop;
        for (var slot = 0; slot < MaxInFlight; slot++) await _slots.WaitAsync();
        _stop.Dispose();
        _slots.Dispose();
    }

    private async Task RunAsync()
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / TicksPerSecond), node.Options.Time);
        var owed = 0.0;
        try
        {
            while (await ticks.WaitForNextTickAsync(_stop.Token))
            {
                for (owed += (double)perSecond / TicksPerSecond; owed >= 1; owed--)
                {
                    await _slots.WaitAsync(_stop.Token);
                    _ = MoveAsync(Next());
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stop was requested.
        }
    }

    private Func<Task<Refusal?>> Next()
    {
        var customer = _random.ListItem(_people);
        var currency = Currency.Parse(customer.Currency);
        switch (_random.Number(99))
        {
            case < 3:
                var salary = new Money(customer.SalaryMinor, currency);
                return () => CommandAsync(new Deposit(Beside(customer), customer.AccountId, salary, "Salary"));
            case < 12:
                var hotel = new Money(_random.Long(customer.SalaryMinor / 200, customer.SalaryMinor / 20), currency);
                var isLetGo = _random.Number(9) == 0;
                return () => PayByCardAsync(customer, hotel, isLetGo);
            case < 14:
                var dream = new Money(customer.SalaryMinor * 100, currency);
                return () => CommandAsync(new Withdraw(Beside(customer), customer.AccountId, dream, "A sailing boat"));
            case < 40:
                var spent = new Money(_random.Long(customer.SalaryMinor / 2_000, customer.SalaryMinor / 60), currency);
                var shop = _random.ArrayElement(Shops);
                return () => CommandAsync(new Withdraw(Beside(customer), customer.AccountId, spent, shop));
            default:
                var friends = _people.Where(
                    other => other.Currency == customer.Currency && other.AccountId != customer.AccountId).ToList();
                var isRent = _random.Number(20) == 0;
                var amount = isRent ? customer.SalaryMinor * 35 / 100
                    : _random.Long(customer.SalaryMinor / 1_000, customer.SalaryMinor / 40);
                return friends.Count == 0 ? Next() : () => TransferAsync(customer, _random.ListItem(friends),
                    new Money(amount, currency), isRent ? "Rent" : _random.ArrayElement(Words));
        }
    }

    private async Task MoveAsync(Func<Task<Refusal?>> move)
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            if (await move() is null) Interlocked.Increment(ref Done);
            else Interlocked.Increment(ref Refused);
            _latenciesMs.Enqueue(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        catch (TidelineException)
        {
            // The live view shows it: the demo continues when the disk is full or the program drains.
            Interlocked.Increment(ref Failed);
        }
        finally
        {
            _slots.Release();
        }
    }

    private Guid Beside(DemoCustomer customer) => node.Ledger.NextIdBeside(customer.AccountId);

    private async Task<Refusal?> CommandAsync(LedgerCommand command) =>
        (await node.Ledger.ExecuteAsync(WithKey(command), CancellationToken.None)).Refusal;

    // Like a card payment: the terminal holds the amount, and the merchant captures it, or a part of it, or releases
    // it.
    private async Task<Refusal?> PayByCardAsync(DemoCustomer customer, Money amount, bool isLetGo)
    {
        var hold = Beside(customer);
        var expires = node.Options.Time.NowUs() + HoldUs;
        if (await CommandAsync(
            new PlaceHold(hold, customer.AccountId, amount, expires, "Hotel Seeblick")) is { } refused) return refused;
        return isLetGo
            ? await CommandAsync(new ReleaseHold(hold, customer.AccountId, amount.Currency, Expired: false))
            : await CommandAsync(new CaptureHold(
                Beside(customer), hold, customer.AccountId, amount.Currency, amount.Minor - amount.Minor / 10,
                Final: true));
    }

    private async Task<Refusal?> TransferAsync(DemoCustomer from, DemoCustomer to, Money amount, string words)
    {
        var key = node.Ledger.Ids.Next().ToString();
        var request = new TransferRequest(
            from.AccountId, to.AccountId, amount, words, Idempotency.Key("demo", key), Idempotency.Fingerprint(key));
        var reply = await node.Services.Of<PaymentsService>().Transfers.TransferAsync(request, CancellationToken.None);
        var (fromShard, toShard) = (node.Ledger.Map.ShardOf(from.AccountId), node.Ledger.Map.ShardOf(to.AccountId));
        if (reply.Status == TransferStatus.Settled && fromShard != toShard) Interlocked.Increment(ref AcrossShards);
        return reply.Refusal;
    }

    private LedgerCommand WithKey(LedgerCommand command)
    {
        var key = node.Ledger.Ids.Next().ToString();
        return command with { Key = Idempotency.Key("demo", key), Fingerprint = Idempotency.Fingerprint(key) };
    }
}
