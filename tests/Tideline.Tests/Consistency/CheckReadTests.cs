using System.Collections.Concurrent;
using Tideline.Kernel;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;
using Tideline.Tests.Sagas;

namespace Tideline.Tests.Consistency;

/// <summary>How often the checks ask the ledger: per page, whatever it holds.</summary>
public sealed class CheckReadTests : IAsyncLifetime
{
    // Of each kind; with three times as many, everything still fits on one page.
    private const int Few = 4;

    private readonly ConcurrentDictionary<string, int> _reads = new();
    private Func<int, string, Task?>? _beforeRead;
    private Bank _bank = null!;
    private Guid _customer;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(wrap: store => new FaultyStore(store)
        {
            BeforeRead = (shard, read) => _beforeRead?.Invoke(shard, read),
        });
        _customer = await _bank.CustomerAsync();
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task Three_times_as_many_rows_on_a_page_take_no_more_reads()
    {
        await FillAsync(0);
        var few = await CountAsync();
        await FillAsync(Few);
        await FillAsync(2 * Few);
        var many = await CountAsync();
        many.Where(read => read.Value > few.GetValueOrDefault(read.Key)).ShouldBeEmpty();
    }

    private async Task<Dictionary<string, int>> CountAsync()
    {
        _reads.Clear();
        _beforeRead = (shard, read) =>
        {
            _reads.AddOrUpdate($"{read} of shard {shard}", 1, (_, count) => count + 1);
            return null;
        };
        var report = await _bank.VerifyAsync(deep: true);
        _beforeRead = null;
        report.Checks.Where(check => !check.Ok).ShouldBeEmpty();
        return new Dictionary<string, int>(_reads);
    }

    // Accounts with an IBAN, holds, transfers within a shard, across shards, and under way across shards.
    private async Task FillAsync(int first)
    {
        for (var number = first; number < first + Few; number++)
        {
            var open = new OpenAccount(_bank.Ledger.Map.NextOn(number % 2, _bank.Ledger.Ids), _customer, Bank.Eur, 0,
                $"DE{number:D20}");
            (await _bank.Ledger.ExecuteAsync(open, Cancel)).Refusal.ShouldBeNull();
            var (from, near, far) = (await _bank.AccountAsync(0, 1_000), await _bank.AccountAsync(0),
                await _bank.AccountAsync(1));
            await _bank.Payments.TransferAsync(_bank.Transfer(from, near, 30), Cancel);
            await _bank.StartAsync(from, far, 70);
            await _bank.Pump.RunAsync();
            var hold = new PlaceHold(
                _bank.Ledger.Ids.Next(), from, new Money(40, Bank.Eur), _bank.Time.NowUs() + 60_000_000, null);
            (await _bank.Ledger.ExecuteAsync(hold, Cancel)).Refusal.ShouldBeNull();
        }

        // The pump's next run would end those that are under way, so all of them begin here.
        var payer = await _bank.AccountAsync(0, 10_000);
        for (var number = 0; number < first + Few; number++)
            await _bank.StartAsync(payer, await _bank.AccountAsync(1), 5);
    }
}
