using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Queries;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tools.Load;

namespace Tideline.Tests.Flows;

/// <summary>
/// The main story, whole: money moves on the strong tier, its events pass the bus, the customer's view shows them, and
/// everything agrees.
/// </summary>
public abstract class TransferFlow : IAsyncLifetime
{
    private Installation _installation = null!;
    private TidelineNode _node = null!;

    private protected abstract Installation Install();

    public async ValueTask InitializeAsync()
    {
        _installation = Install();
        _node = await TidelineNode.StartAsync(_installation.Node, default);
    }

    public async ValueTask DisposeAsync()
    {
        if (_installation is not null) await FlowStage.EndAsync(_node, _installation);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_transfer_is_debited_credited_published_projected_and_readable(int shardOfBela)
    {
        var (ada, adasAccount) = await CustomerAsync("Ada", 0, 10_000);
        var (bela, belasAccount) = await CustomerAsync("Bela", shardOfBela, 0);

        var reply = await _node.Services.Of<PaymentsService>().Transfers.TransferAsync(
            Request(adasAccount, belasAccount, 2_500), default);
        reply.Status.ShouldBe(TransferStatus.Settled);
        reply.BalanceMinor.ShouldBe(7_500);

        var session = ReadConsistency.Session(reply.Positions);
        foreach (var position in reply.Positions)
            (await _node.Projections["customers"].Projector.WaitForAsync(
                position.Shard, position.Seq, TimeSpan.FromSeconds(30), default)).ShouldBeTrue();
        var adasView = await _node.Services.Of<AccountsService>().Views!.Queries.GetCustomerAsync(ada, session,
            default);
        adasView.ShouldNotBeNull();
        adasView.Customer.Accounts.Single().PostedMinor.ShouldBe(7_500);
        var belasView = await _node.Services.Of<AccountsService>().Views!.Queries.GetCustomerAsync(bela, session,
            default);
        belasView!.Customer.Accounts.Single().PostedMinor.ShouldBe(2_500);
        belasView.Customer.Transactions.Recent.Single().AmountMinor.ShouldBe(2_500);

        var report = await _node.Verifier.VerifyAsync(deep: true, default);
        report.Checks.Where(check => !check.Ok).Select(check => check.Detail).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_transfers_at_once_settle_and_everything_agrees_after_a_restart()
    {
        var accounts = new List<Guid>();
        for (var number = 0; number < 8; number++)
            accounts.Add((await CustomerAsync($"Customer {number}", number % 2, 100_000)).Account);
        var replies = await Task.WhenAll(Enumerable.Range(0, 400).Select(n =>
            _node.Services.Of<PaymentsService>().Transfers.TransferAsync(Request(accounts[n % 8],
                accounts[(n * 3 + 1 + n / 8) % 8 == n % 8 ? (n + 1) % 8 : (n * 3 + 1 + n / 8) % 8], 1 + n), default)));
        replies.ShouldAllBe(reply => reply.Status == TransferStatus.Settled);

        await _node.DisposeAsync();
        _node = await TidelineNode.StartAsync(_installation.Node with { Shards = null }, default);
        (await _node.Sagas.ListAsync(null, 10, default)).Items.ShouldBeEmpty();
        for (var shard = 0; shard < 2; shard++)
            (await _node.Projections["customers"].Projector.WaitForAsync(
                shard, _node.Ledger.CommittedHead(shard).EventSeq, TimeSpan.FromSeconds(30), default)).ShouldBeTrue();
        var report = await _node.Verifier.VerifyAsync(deep: true, default);
        report.Checks.Where(check => !check.Ok).Select(check => check.Detail).ShouldBeEmpty();
    }

    private async Task<(Guid Customer, Guid Account)> CustomerAsync(string name, int shard, long minor)
    {
        var (ledger, eur) = (_node.Ledger, Currency.Parse("EUR"));
        var customer = (await ledger.ExecuteAsync(
            new CreateCustomer(ledger.Ids.Next(), name, $"{name}@example.com", "DE"), default)).Subject;
        var account = (await ledger.ExecuteAsync(
            new OpenAccount(ledger.Map.NextOn(shard, ledger.Ids), customer, eur, 0, null), default)).Subject;
        if (minor > 0)
            (await ledger.ExecuteAsync(new Deposit(ledger.Ids.Next(), account, new Money(minor, eur), null), default))
                .Refusal.ShouldBeNull();
        return (customer, account);
    }

    private TransferRequest Request(Guid from, Guid to, long minor) => new(
        from, to, new Money(minor, Currency.Parse("EUR")), "rent",
        Idempotency.Key("", _node.Ledger.Ids.Next().ToString()), Idempotency.Fingerprint($"{from}{to}{minor}"));
}
