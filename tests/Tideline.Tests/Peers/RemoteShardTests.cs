using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Peers;
using Tideline.Services.Accounts;
using Tideline.Tools.Load;

namespace Tideline.Tests.Peers;

/// <summary>Commands that wait for a shard to have an owner: here nobody has one until a test says so.</summary>
public sealed class RemoteShardTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("foreign");
    private readonly TaskCompletionSource _reachable = new();
    private SqliteLedgerStore? _store;
    private GeneralLedger? _ledger;
    private CommandForwarder? _forwarder;
    private int _sent;

    public async ValueTask InitializeAsync()
    {
        _store = SqliteLedgerStore.Open(_folder.Path, 1);
        _ledger = await GeneralLedger.StartAsync(_store,
            TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, default, _reachable.Task);
        _forwarder = new CommandForwarder(_ledger, ServiceRegistration.MakeAll(BankServices.All), (_, _, _, _) =>
        {
            Interlocked.Increment(ref _sent);
            throw new TidelineException(ErrorCode.Internal, "Nobody is there.");
        }, Guid.Empty, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await _forwarder!.DisposeAsync();
        await _ledger!.DisposeAsync();
        await _store!.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_command_waits_for_an_owner_and_no_longer_than_that_takes()
    {
        var told = await Should.ThrowAsync<TidelineException>(() => SendAsync());
        (told.Code, told.Message.Contains("repeat the request with the same key", StringComparison.Ordinal), _sent)
            .ShouldBe((ErrorCode.NotOwner, true, 0));
    }

    [Fact]
    public async Task A_command_whose_shard_comes_to_this_process_is_carried_out_here()
    {
        var waiting = SendAsync();
        _reachable.SetResult();
        (await waiting).Refusal.ShouldBeNull();
        (_ledger!.Owns(0), _sent).ShouldBe((true, 0));
    }

    [Fact]
    public async Task More_commands_than_may_wait_are_refused_and_what_waits_is_told_that_the_program_ends()
    {
        const int UnderWay = PeerLimits.RequestsInFlight * PeerLimits.BatchCommands;
        var waiting = new List<Task<Reply>>();
        var refused = Should.Throw<TidelineException>(() =>
        {
            while (waiting.Count <= PeerLimits.QueueDepth + UnderWay)
                waiting.Add(_ledger!.SubmitAsync(0, Customer()));
        });
        refused.Code.ShouldBe(ErrorCode.Overloaded);
        waiting.Count.ShouldBeGreaterThanOrEqualTo(PeerLimits.QueueDepth);
        await _forwarder!.DisposeAsync();
        foreach (var command in waiting)
            (await Should.ThrowAsync<TidelineException>(() => command)).Code.ShouldBe(ErrorCode.ShuttingDown);
        Should.Throw<TidelineException>(() => { _ = _ledger!.SubmitAsync(0, Customer()); })
            .Code.ShouldBe(ErrorCode.ShuttingDown);
    }

    private Task<Reply> SendAsync() => _ledger!.ExecuteAsync(Customer(), default);

    private CreateCustomer Customer() => new(_ledger!.Ids.Next(), "Ada", "ada@example.com", "DE");
}
